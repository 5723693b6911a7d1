#include "ui/credentials/credential_text.h"

#include <QCoreApplication>
#include <QProcess>
#include <QRegularExpression>

#include "ui/bridge/text.h"
#include "ui/widgets/display_text.h"

namespace sallyport::ui::credentials {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("sallyport::ui::credentials", text);
}

} // namespace

QString useText(const api::Credential& credential)
{
    switch (credential.use) {
    case api::CredentialUse::Header:
        return safe(credential.header, 120).replace(QStringLiteral("{}"), QStringLiteral("…"));
    case api::CredentialUse::Basic:
        return tr("Basic, user %1").arg(safe(credential.user, 60));
    case api::CredentialUse::Query:
        return QStringLiteral("?%1=…").arg(safe(credential.parameter, 60));
    case api::CredentialUse::Placeholder:
        return tr("In place of the placeholder");
    case api::CredentialUse::AwsSigV4:
        return tr("Signature for AWS");
    case api::CredentialUse::GitHubApp:
        return tr("Token of a GitHub App");
    }
    return {};
}

QString stateText(const api::Credential& credential)
{
    switch (credential.state) {
    case api::CredentialState::Ready:
        return tr("Ready");
    case api::CredentialState::Locked:
        return tr("Locked");
    case api::CredentialState::Missing:
        return tr("No value");
    case api::CredentialState::Failed:
        return tr("Failed");
    }
    return {};
}

theme::Tone stateTone(api::CredentialState state)
{
    switch (state) {
    case api::CredentialState::Ready:
        return theme::Tone::Good;
    case api::CredentialState::Locked:
        return theme::Tone::Warn;
    default:
        return theme::Tone::Bad;
    }
}

QString vaultText(const api::Vault& vault)
{
    const bool isFile = vault.kind == api::VaultKind::File;
    QString text;
    if (vault.isNew)
        text = tr("There is no vault yet. Choose a passphrase, and it is made.");
    else if (vault.isLocked)
        text = isFile ? tr("The vault is locked. Requests that need its values are denied.")
                      : tr("The desktop's keyring is locked. Requests that need its values are "
                           "denied.");
    else
        text = isFile ? tr("The vault is open: a file sealed with your passphrase.")
                      : tr("The desktop's keyring is open.");
    return vault.problem.empty() ? text : text + QLatin1Char(' ') + safe(vault.problem, 300);
}

QString commandText(const std::vector<std::string>& command)
{
    static const QRegularExpression Odd(QStringLiteral("[\\s\"]"));
    QStringList words;
    for (const std::string& argument : command) {
        QString word = toQt(argument);
        if (word.isEmpty() || word.contains(Odd))
            word = QLatin1Char('"') + word.replace(QLatin1Char('"'), QStringLiteral("\"\"\"")) +
                   QLatin1Char('"');
        words.append(word);
    }
    return words.join(QLatin1Char(' '));
}

std::vector<std::string> commandOf(const QString& text)
{
    std::vector<std::string> command;
    for (const QString& word : QProcess::splitCommand(text))
        command.push_back(fromQt(word));
    return command;
}

QString hostsText(const std::vector<std::string>& hosts)
{
    QStringList texts;
    for (const std::string& host : hosts)
        texts.append(toQt(host));
    return texts.join(QStringLiteral(", "));
}

std::vector<std::string> hostsOf(const QString& text)
{
    static const QRegularExpression Between(QStringLiteral("[\\s,]+"));
    std::vector<std::string> hosts;
    for (const QString& host : text.split(Between, Qt::SkipEmptyParts))
        hosts.push_back(fromQt(host));
    return hosts;
}

} // namespace sallyport::ui::credentials
