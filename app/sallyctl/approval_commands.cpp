// approvals list, answer, watch.
#include "app/sallyctl/commands.h"

#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/sallyctl/context.h"
#include "app/sallyctl/inbox.h"
#include "app/sallyctl/output.h"
#include "app/sallyctl/rule_options.h"
#include "app/sallyctl/values.h"
#include "engine/base/clock.h"

namespace sallyport::ctl {
namespace {

using api::Json;

std::string request(const api::Question& question)
{
    return fmt::format("{} {}://{}:{}{}", question.method, question.scheme, question.host,
                       question.port, question.path);
}

std::string held(const api::Question& question, UnixMillis now)
{
    if (!question.heldUntil || *question.heldUntil <= now)
        return "for the retry";
    return durationText(*question.heldUntil - now);
}

Result<int> list(Context& context)
{
    const auto questions = context.callForList<api::Question>("approvals.list", "questions");
    if (!questions)
        return tl::unexpected<Error>(questions.error());
    if (context.json) {
        printJson(api::toJson(*questions));
        return ExitOk;
    }
    Table table({"ID", "SANDBOX", "ASKED", "HELD", "WAITING", "TIMES", "REQUEST"});
    const UnixMillis now = nowUnixMillis();
    for (const api::Question& each : *questions)
        table.add({std::to_string(each.id), each.sandboxName, timeText(each.askedAt),
                   held(each, now), std::to_string(each.waiting), std::to_string(each.timesAsked),
                   request(each)});
    if (table.isEmpty())
        printLine("No open questions.");
    else
        table.print();
    return ExitOk;
}

struct AnswerOptions
{
    api::QuestionId question = 0;
    std::string action;
    std::string reason;
    std::string reach = "method-and-host";
    std::string lifetime = "until-stop";
    bool all = false;
    bool preview = false;
};

Result<api::Lifetime> lifetimeFrom(const std::string& text)
{
    if (text == "15m")
        return api::Lifetime::Minutes15;
    if (text == "1h")
        return api::Lifetime::Hour;
    auto lifetime = enumFromText<api::Lifetime>(text);
    if (!lifetime)
        return fail(Error::Code::Invalid,
                    "'" + text + "' is none of once, until-stop, 15m, 1h, always");
    return lifetime;
}

Result<api::Answer> answerFrom(const AnswerOptions& options)
{
    const auto action = enumFromText<api::Action>(options.action);
    const auto reach = enumFromText<api::Reach>(options.reach);
    const auto lifetime = lifetimeFrom(options.lifetime);
    if (!action)
        return tl::unexpected<Error>(action.error());
    if (!reach)
        return fail(
            Error::Code::Invalid,
            "--reach: '" + options.reach +
                "' is none of this-request, method-and-path, method-and-host, host, domain");
    if (!lifetime)
        return fail("--for", lifetime.error());
    return api::Answer{options.question, *action,
                       options.reason,   *reach,
                       *lifetime,        options.all ? api::Scope::All : api::Scope::Sandbox};
}

Result<int> answer(Context& context, const AnswerOptions& options)
{
    const auto given = answerFrom(options);
    if (!given)
        return tl::unexpected<Error>(given.error());
    const auto result = context.call(options.preview ? "approvals.preview" : "approvals.answer",
                                     api::toJson(*given));
    if (!result)
        return tl::unexpected<Error>(result.error());
    if (context.json) {
        printJson(*result);
        return ExitOk;
    }
    const auto rule = api::optionalMember<api::Rule>(*result, "rule");
    if (!rule)
        return tl::unexpected<Error>(rule.error());
    const std::string made =
        *rule ? fmt::format("{} {} ({})", enumText((*rule)->action), matchText((*rule)->match),
                            lifetimeText(**rule, nowUnixMillis()))
              : "no rule, for this once";
    printLine((options.preview ? "it would make: " : "answered: ") + made);
    return ExitOk;
}

void printQuestion(const api::Question& question)
{
    if (question.state != api::QuestionState::Open) {
        printLine(fmt::format("{}  question {} is {}", timeText(nowUnixMillis()), question.id,
                              enumText(question.state)));
        return;
    }
    printLine(fmt::format("{}  question {}: {} wants to {}{}", timeText(question.askedAt),
                          question.id, question.sandboxName, request(question),
                          question.firstSeen ? " (a host not seen before)" : ""));
    if (!question.credentials.empty())
        printLine(fmt::format("          it would be given the credential {}",
                              fmt::join(question.credentials, ", ")));
    printLine(fmt::format("          sallyctl approvals answer {} allow|deny", question.id));
}

Result<int> watchInto(Context& context, Inbox& inbox)
{
    auto engine = context.engine(
        [&inbox](const std::string& name, const Json& parameters) {
            if (name == "approval.changed")
                inbox.offer(name, parameters);
        },
        [&inbox](Error why) { inbox.close(std::move(why)); });
    if (!engine)
        return tl::unexpected<Error>(std::move(engine.error()));
    const auto show = [&](const api::Question& question) {
        if (context.json)
            printJson(api::toJson(question));
        else
            printQuestion(question);
    };
    const auto subscribed = context.call("engine.subscribe", {{"canAnswer", true}});
    if (!subscribed)
        return tl::unexpected<Error>(subscribed.error());
    bool isBehind = true;
    for (;;) {
        if (std::exchange(isBehind, false)) {
            const auto open = context.callForList<api::Question>("approvals.list", "questions");
            if (!open)
                return tl::unexpected<Error>(open.error());
            for (const api::Question& question : *open)
                show(question);
        }
        const auto event = inbox.next();
        if (!event)
            return tl::unexpected<Error>(event.error());
        isBehind = event->name == "log.gap";
        if (const auto question = api::fromJson<api::Question>(event->parameters))
            show(*question);
    }
}

// While this runs there is somebody who can be asked.
Result<int> watch(Context& context)
{
    Inbox inbox;
    auto outcome = watchInto(context, inbox);
    inbox.stop();
    context.disconnect();
    return outcome;
}

void addAnswer(CLI::App& approvals, Context& context)
{
    const auto options = std::make_shared<AnswerOptions>();
    auto* command = approvals.add_subcommand("answer", "Answer a question");
    command->add_option("question", options->question, "Its id")->required();
    command->add_option("action", options->action, "allow or deny")->required();
    command->add_option("--reason", options->reason, "For deny: what the guest reads");
    command
        ->add_option("--reach", options->reach,
                     "this-request, method-and-path, method-and-host, host, domain")
        ->capture_default_str();
    command->add_option("--for", options->lifetime, "once, until-stop, 15m, 1h, always")
        ->capture_default_str();
    command->add_flag("--all-sandboxes", options->all, "Not only for the sandbox that asked");
    command->add_flag("--preview", options->preview, "Only show the rule that it would make");
    command->callback([&context, options] {
        context.command = [&context, options] { return answer(context, *options); };
    });
}

} // namespace

void addApprovalCommands(CLI::App& app, Context& context)
{
    auto* approvals = app.add_subcommand("approvals", "Show and answer what sandboxes ask");
    approvals->require_subcommand(1);
    approvals->add_subcommand("list", "List the open questions")->callback([&context] {
        context.command = [&context] { return list(context); };
    });
    approvals
        ->add_subcommand("watch", "Print questions as they come. While it runs there is somebody "
                                  "to be asked, so requests are held and not denied")
        ->callback([&context] { context.command = [&context] { return watch(context); }; });
    addAnswer(*approvals, context);
}

} // namespace sallyport::ctl
