#include <fstream>

#include <QtTest/QtTest>
#include <sys/stat.h>

#include "engine/image/guest_image.h"
#include "engine/image/overlay.h"

using namespace sallyport;
using namespace sallyport::image;
namespace fs = std::filesystem;

class GuestImageTest : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_temporary;
    fs::path m_images;
    fs::path m_image;

    static void write(const fs::path& path, std::string_view text) { std::ofstream(path) << text; }

private slots:
    void init()
    {
        m_images = fs::path(m_temporary.path().toStdString()) / "images";
        fs::remove_all(m_images);
        m_image = m_images / "debian-12";
        fs::create_directories(m_image);
        write(m_image / "vmlinux", "k");
        write(m_image / "initramfs.img", "i");
        write(m_image / "base-1.ext4", "");
        fs::resize_file(m_image / "base-1.ext4", 3 * 1024 * 1024);
        fs::create_symlink("base-1.ext4", m_image / "base.ext4");
        write(
            m_image / "manifest.json",
            R"({"format": 1, "title": "Debian 12", "kernel": "6.1.0-1", "built": "2026-01-02T03:04:05Z"})");
    }

    void findsAnImage()
    {
        const auto image = findImageIn(m_images, "debian-12");
        QVERIFY2(image, image ? "" : image.error().text.c_str());
        QCOMPARE(image->title, std::string("Debian 12"));
        QCOMPARE(image->kernelVersion, std::string("6.1.0-1"));
        QCOMPARE(image->base.filename().string(),
                 std::string("base-1.ext4")); // the build's own name
        QCOMPARE(image->baseBytes, std::uint64_t{3 * 1024 * 1024});
    }

    void namesTheCommandThatBuildsWhatIsMissing()
    {
        for (const char* file : {"manifest.json", "vmlinux", "initramfs.img", "base.ext4"}) {
            init();
            fs::remove(m_image / file);
            const auto image = findImageIn(m_images, "debian-12");
            QVERIFY(!image);
            QCOMPARE(image.error().code, Error::Code::NotFound);
            QVERIFY(image.error().text.find("installer/guest-image/build") != std::string::npos);
        }
    }

    void refusesAManifestItDoesNotUnderstand()
    {
        for (const char* text : {"", "{", "[]", "7", R"({"format": 2})", R"({"format": null})",
                                 R"({"format": "1"})"}) {
            write(m_image / "manifest.json", text);
            const auto image = findImageIn(m_images, "debian-12");
            QVERIFY(!image);
            QCOMPARE(image.error().code, Error::Code::Invalid);
        }
    }

    void refusesANameThatLeavesTheDirectory()
    {
        for (const char* name : {"", "..", "../debian-12", "/etc", "a/b", "Debian"})
            QCOMPARE(findImageIn(m_images, name).error().code, Error::Code::Invalid);
    }

    void makesAnOverlayOnce()
    {
        const fs::path disk = m_images / "disk.qcow2";
        const Status made = createOverlay(m_image / "base.ext4", disk, 64);
        QVERIFY2(made, made ? "" : made.error().text.c_str());
        struct stat info
        {
        };
        QCOMPARE(::stat(disk.c_str(), &info), 0);
        QCOMPARE(info.st_mode & 07777U, mode_t{0600});
        QVERIFY(diskUsage(disk) > 0 && diskUsage(disk) < 1024 * 1024);
        std::string head(4096, '\0');
        std::ifstream(disk).read(head.data(), 4096);
        QCOMPARE(head.substr(0, 4), std::string("QFI\xfb"));
        // The backing file is named in full and by its build.
        QVERIFY(head.find((m_image / "base-1.ext4").string()) != std::string::npos);
        QCOMPARE(createOverlay(m_image / "base.ext4", disk, 64).error().code, Error::Code::Exists);
    }

    void resetsAnOverlay()
    {
        const fs::path disk = m_images / "disk.qcow2";
        QVERIFY(resetOverlay(m_image / "base.ext4", disk, 64)); // also where there is none
        write(disk, "what a guest wrote");
        write(disk.string() + ".new", "of a reset that was cut short");
        QVERIFY(resetOverlay(m_image / "base.ext4", disk, 64));
        QVERIFY(fs::file_size(disk) > 1000);
        QVERIFY(!fs::exists(disk.string() + ".new"));
    }

    void refusesAnOverlayThatCannotBe()
    {
        const fs::path disk = m_images / "disk.qcow2";
        QCOMPARE(createOverlay(m_image / "base.ext4", disk, 2).error().code, Error::Code::Invalid);
        QCOMPARE(createOverlay(m_image / "base.ext4", disk, 1ULL << 60).error().code,
                 Error::Code::Invalid);
        QCOMPARE(createOverlay(m_image / "none", disk, 64).error().code, Error::Code::NotFound);
        QVERIFY(!createOverlay(m_image / "base.ext4", m_images / "no" / "disk", 64));
        QVERIFY(!fs::exists(disk));
    }

    void knowsWhenTheDiskIsFull()
    {
        QVERIFY(checkFreeSpace(m_images, 1));
        const Status full = checkFreeSpace(m_images, 1ULL << 40);
        QVERIFY(!full);
        QVERIFY(full.error().text.find("MiB are free") != std::string::npos);
    }
};

QTEST_APPLESS_MAIN(GuestImageTest)
#include "guest_image_test.moc"
