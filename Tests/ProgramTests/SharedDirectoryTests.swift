import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Files that another user could have written or replaced", .privileged, .networkNamespace)
struct SharedDirectoryTests {
    private let portreeve: Portreeve
    private let policy: String
    private let folder: String
    private let news: String

    init() throws {
        portreeve = try Portreeve()
        policy = try portreeve.write(
            "version: 1\nsources: {all: {file: list.txt}}\nservices: {web: {ports: 80, from: all, why: x}}\n")
        folder = URL(filePath: policy).deletingLastPathComponent().path
        _ = try portreeve.write("192.0.2.0/24\n", to: "list.txt")
        news = folder + "/shared/news"
        try portreeve.shell("mkdir -m 1777 \(folder)/shared; ip link set lo up")
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
    }

    private func verify() throws -> Program.Result {
        try portreeve("verify", policy, "--only", "ruleset", "--news", news)
    }

    @Test("A file of --news in a sticky directory is used if it is this user's, and never suppresses news otherwise")
    func suppression() throws {
        try portreeve.shell("nft insert rule inet portreeve input ip saddr 192.0.2.66 accept")
        #expect(try verify().output.contains("verify: 1 new"))
        #expect(try verify().output.isEmpty)
        let attacks: [(String, String)] = [
            ("chown 1000 \(news)", "owned by user 1000"), ("chmod 666 \(news)", "writable by everyone"),
            ("ln \(news) \(folder)/other", "has another name, a hard link"),
            ("mv \(news) \(folder)/real; ln -s \(folder)/real \(news)", "is a symbolic link"),
            ("rm \(news); mkfifo \(news)", "is not a regular file"),
            ("rm \(news); mkdir \(news)", "is not a regular file"),
            ("rm \(news); mknod \(news) c 1 5", "is not a regular file"),
            ("truncate -s 1G \(news)", "is larger than 16 MiB"), ("chmod 777 \(folder)/shared", "writable by everyone"),
            (
                "rm \(news).lock; mkfifo \(news).lock",
                "the lock file is not a regular file of this user"
            ), ("chown 1000 \(news).lock", "the lock file is not a regular file of this user"),
        ]
        for (attack, message) in attacks {
            try portreeve.shell("cp -a \(folder)/shared \(folder)/kept; \(attack)")
            let result = try verify()
            #expect(result.status == 1 && result.output.isEmpty, "\(attack): \(result)")
            #expect(result.errors.contains(message), "\(attack): \(result)")
            try portreeve.shell(
                "rm -rf \(folder)/shared \(folder)/other \(folder)/real; mv \(folder)/kept \(folder)/shared")
            #expect(try verify().output.isEmpty, "\(attack)")
        }
    }

    @Test("An entry of an access control list counts as its mode does, on the file and on directories above it")
    func accessControlLists() throws {
        // user::rwx, user:1000:rwx, group::r-x, mask::rwx, other::r-x
        let list = "02000000 01000700ffffffff 02000700e8030000 04000500ffffffff 10000700ffffffff 20000500ffffffff"
        for path in [policy, folder + "/list.txt", folder] {
            try portreeve.shell(
                "python3 -c \"import os; os.setxattr('\(path)', 'system.posix_acl_access', bytes.fromhex('\(list)'))\"")
            let result = try portreeve("apply", policy, "--yes", "--quiet")
            #expect(result.status == 3, "\(path): \(result)")
            #expect(result.errors.contains("writable by user 1000; run `setfacl -b \(path)"), "\(path): \(result)")
            try portreeve.shell("python3 -c \"import os; os.removexattr('\(path)', 'system.posix_acl_access')\"")
            try portreeve.shell("chmod go-w \(path)")
            #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
        }
    }

    @Test("A path under \"process\" is not met by a file of that path in another mount namespace")
    func mountNamespaces() throws {
        let daemon = folder + "/daemon"
        try portreeve.shell("cp \"$(readlink -f /usr/bin/python3)\" \(daemon); cp \(daemon) \(folder)/other")
        let wanted = try portreeve.write(
            "version: 1\nservices: {web: {ports: 80, from: any, process: \(daemon), why: x}}\n", to: "process.yaml")
        #expect(try portreeve("apply", wanted, "--yes", "--quiet").status == 0)
        func findings() throws -> String { try portreeve("verify", wanted, "--only", "listeners").output }
        let own = Sockets(portreeve)
        try own.open("tcp 0.0.0.0 80", executable: "unshare -m \(daemon)")
        let expected = try findings()
        #expect(expected.contains("[wrong-family]") && !expected.contains("[wrong-process]"), "\(expected)")
        for process in own.processes { kill(process, SIGKILL) }
        try portreeve.shell("while [ -e /proc/\(own.processes[0])/fd/0 ]; do sleep 0.01; done")
        let other = Sockets(portreeve)
        try other.open(
            "tcp 0.0.0.0 80",
            executable: "unshare -m sh -c 'mount --bind \(folder)/other \(daemon); exec \(daemon) \"$@\"' -")
        let found = try findings()
        #expect(
            found.contains("\"\(daemon)\" of another mount namespace, not this host's \"\(daemon)\", listens"),
            "\(found)")
    }

    @Test(
        "State below a directory that another user can write to is refused before anything is made or changed",
        arguments: [
            ("chmod 777 @", "is in directory \"@\", which is writable by everyone; run `chmod go-w @`"),
            ("chgrp 1000 @; chmod 770 @", "is in directory \"@\", which is writable by group 1000"),
            ("chown 1000 @; chmod 755 @", "is in directory \"@\", which is owned by user 1000"),
            ("mkdir @/real; ln -s real @/way; chown -h 1000 @/way", "is reached by the symbolic link \"@/way\""),
        ])
    func state(attack: String, message: String) throws {
        let place = folder + "/above"
        try portreeve.shell("mkdir -m 700 \(place); \(attack.replacing("@", with: place))")
        let before = try portreeve.shell("nft list ruleset")
        let directory = place + (attack.contains("way") ? "/way/state" : "/state")
        let arguments = ["apply", policy, "--yes", "--quiet", "--state-dir", directory]
        let result = try Program.run([try Portreeve.executable] + arguments)
        #expect(result.status == 1, "\(result)")
        #expect(result.errors.contains(message.replacing("@", with: place)), "\(result)")
        #expect(result.errors.contains("or use another --state-dir"), "\(result)")
        #expect(!FileManager.default.fileExists(atPath: directory))
        #expect(try portreeve.shell("nft list ruleset") == before)
        // In a sticky directory no other user can replace it.
        try portreeve.shell("rm -rf \(place); mkdir -m 1777 \(place)")
        let sticky = try Program.run([try Portreeve.executable] + arguments.dropLast() + [place + "/state"])
        #expect(sticky.status == 0, "\(sticky)")
    }

    @Test("A symbolic link on the way counts, and the directory that it is in")
    func links() throws {
        try portreeve.shell("ln -s \(folder) \(folder)/shared/way")
        let way = folder + "/shared/way/" + URL(filePath: policy).lastPathComponent
        #expect(try portreeve("plan", way).status == 0)
        try portreeve.shell("chown -h 1000 \(folder)/shared/way")
        let owned = try portreeve("plan", way)
        #expect(owned.status == 3 && owned.errors.contains("is reached by the symbolic link"), "\(owned)")
        try portreeve.shell("chown -h 0 \(folder)/shared/way; chmod 777 \(folder)/shared")
        let writable = try portreeve("plan", way)
        #expect(writable.errors.contains("is in directory \"\(folder)/shared\", which is writable by everyone"))
        #expect(try portreeve("plan", way, "--allow-insecure-permissions").status == 0)
    }
}
