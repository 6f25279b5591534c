import Glibc
import TestSupport
import Testing

@Suite("Lockouts with a real SSH server", .privileged, .sshServer, .networkNamespace)
struct LockoutTests {
    private let server: SSHServer
    private let portreeve: Portreeve

    init() throws {
        server = try SSHServer()
        portreeve = server.portreeve
    }

    /// A policy that opens SSH to these sources.
    private func policy(from sources: String, _ more: String = "") throws -> String {
        try portreeve.write(
            "version: 1\n\(more)\nservices:\n  ssh: {ports: \(SSHServer.port), from: \(sources)}\n",
            to: "\(more.isEmpty ? "" : "more-")\(sources.filter(\.isNumber)).yaml")
    }

    private func apply(_ path: String, _ prefix: String = "", _ suffix: String = "") throws -> Program.Result {
        try server.login("\(prefix) \(try command(path)) \(suffix)")
    }

    private func command(_ path: String) throws -> String {
        "\(try Portreeve.executable) apply \(path) --yes --quiet --state-dir \(portreeve.stateDirectory)"
    }

    /// The programs between the shell of the session and the command hide the session only in part.
    @Test(
        "A user's own lockout is refused",
        arguments: [
            "", "env -u SSH_CONNECTION", "env -i sh -c 'setsid -w \"$@\"' -",
            "env -u SSH_CONNECTION TMUX=/nowhere,1,0",
        ])
    func refused(prefix: String) throws {
        let path = try policy(from: "203.0.113.0/24")
        let result = try apply(path, prefix)
        #expect(result.status == 4, "\(result.errors)")
        #expect(
            result.errors == """
                portreeve: this would lock you out; nothing was changed: a new connection from \
                \(SSHServer.client) to tcp/\(SSHServer.port) would be refused: \
                service "ssh" is not open to this source (\(path):4)
                  rule: inet portreeve refuse: counter drop
                  to let it in: add \(SSHServer.client) to "from" of service "ssh" (\(path):4)
                  or pass --force

                """)
        #expect(try portreeve.shell("nft list ruleset").isEmpty)
        let open = try policy(from: "\(SSHServer.client)/32, limit: 10/minute")
        let allowed = try apply(open, prefix)
        #expect(allowed.status == 0 && allowed.errors.isEmpty, "\(allowed.errors)")
        #expect(try server.login("true").status == 0)
    }

    @Test("Cutting one's own session is refused without --force", arguments: ["", "env -u SSH_CONNECTION"])
    func cut(prefix: String) throws {
        let apply = "\(prefix) \(try command(try policy(from: "203.0.113.0/24")))"
        let spared = "\(apply) --force; \(apply) --cut-sessions; echo lives"
        let result = try server.login("\(spared); \(apply) --cut-sessions --force; sleep 1; echo never")
        #expect(result.output == "lives\n")
        #expect(result.errors.contains("-> tcp/\(SSHServer.port)"))
        #expect(result.errors.contains("your own session was kept; --force also ends it"))
        #expect(result.status == 255)
    }

    @Test("A deny that ends one's own session is refused too")
    func denied() throws {
        let result = try apply(try policy(from: "any", "deny: [198.51.100.0/24]"))
        #expect(result.status == 4)
        #expect(result.errors.contains("the session and any new connection from \(SSHServer.client) "))
        #expect(try portreeve.shell("nft list ruleset").isEmpty)
    }

    @Test("A list that is loaded by a timer shuts out no client that is logged in, and anyone else")
    func timer() throws {
        _ = try portreeve.write("203.0.113.9\n", to: "feed.txt")
        let path = try policy(from: "any", "sources: {feed: {file: feed.txt}}\ndeny: feed")
        #expect(try portreeve("apply", path, "--yes", "--quiet").status == 0)
        try server.stay()
        try server.knock()
        _ = try portreeve.write("\(SSHServer.client)\n", to: "feed.txt")
        let refused = try portreeve("refresh")
        #expect(refused.status == 4 && refused.errors.contains("from \(SSHServer.client)"), "\(refused)")
        #expect(try server.login("true").status == 0)
        _ = try portreeve.write("203.0.113.9\n\(SSHServer.stranger)\n", to: "feed.txt")
        #expect(try portreeve("refresh").status == 0)
        #expect(try portreeve.shell("nft list table inet portreeve").contains(SSHServer.stranger))
    }

    @Test("A user who cuts their own session on purpose gets back in when the change is not confirmed")
    func back() throws {
        let open = try policy(from: "any")
        #expect(try apply(open).status == 0)
        let path = try policy(from: "any", "deny: [198.51.100.0/24]")
        #expect(try apply(path, "", "--confirm 2s").status == 4)
        let probe = "if \(server.dialing); then echo open; else echo shut; fi"
        let result = try server.login("\(probe); \(try command(path)) --force --confirm 2s; echo $?; \(probe)")
        #expect(result.status == 0 && result.output == "open\n0\nshut\n", "\(result)")
        #expect(result.errors.contains("this locks you out, forced by --force"))
        #expect(try server.login("true").status == 0)
        #expect(try portreeve("verify", open, "--only", "ruleset", "--quiet").status == 0)
    }

    @Test("--force allows the lockout")
    func forced() throws {
        let path = try policy(from: "203.0.113.0/24", "defaults: {inbound: reject}")
        let result = try server.inTmux(try command(path))
        #expect(result.status == 0, "no session exists: \(result.errors)")
        #expect(try server.login("true").status == 255)
        try portreeve.shell("nft delete table inet portreeve")
        // The session ends or not, depending on which side sends next: the answer goes to a file.
        let answer = try portreeve.write("", to: "answer")
        _ = try apply(path, "", "--force > \(answer) 2>&1; echo $? >> \(answer)")
        #expect(try eventually { try portreeve.shell("tail -n 1 \(answer)") == "0\n" })
        #expect(try portreeve.shell("cat \(answer)").contains("this locks you out, forced by --force: a new"))
        #expect(try server.login("true").status == 255)
    }

    @Test("Behind sudo too, all sessions but one's own are cut")
    func cut() throws {
        try server.stay(from: SSHServer.stranger)
        let command = try command(try policy(from: "203.0.113.0/24"))
        let script = try portreeve.write("\(command) --force\n\(command) --cut-sessions\necho $?\n", to: "script")
        let answer = try portreeve.write("", to: "answer")
        _ = try server.login("env -i sh \(script) > \(answer) 2>&1")
        #expect(try eventually { try portreeve.shell("tail -n 1 \(answer)") == "0\n" })
        let said = try portreeve.shell("cat \(answer)").split(separator: "\n")
        #expect(said.count { $0.hasPrefix("ended: \(SSHServer.stranger):") } == 1, "\(said)")
        let spared = said.filter { $0.hasSuffix("your own session was kept; --force also ends it") }
        #expect(spared.count == 1 && spared.first?.contains(" \(SSHServer.client):") == true, "\(said)")
        #expect(said.last == "0")
    }

    @Test("In tmux every session counts, and connections without a login do not")
    func multiplexer() throws {
        try server.stay()
        try server.knock()
        let command = try command(try policy(from: "203.0.113.0/24"))
        // sudo drops the variable of tmux too; then the terminal shows it.
        for prefix in ["", "env -i"] {
            let result = try server.inTmux("\(prefix) \(command)")
            #expect(result.status == 4, "\(result.errors)")
            #expect(result.errors.contains("a new connection from \(SSHServer.client) to tcp/\(SSHServer.port)"))
            #expect(!result.errors.contains(SSHServer.stranger))
        }
        #expect(try portreeve.shell("nft list ruleset").isEmpty)
    }

    @Test("At the console and from a timer there is no session to lock out")
    func noSession() throws {
        try server.stay()
        let path = try policy(from: "192.0.2.0/24")
        let result = try portreeve("apply", path, "--yes", "--quiet", prefix: ["env", "-i", "setsid", "-w"])
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    }

    @Test("SSH_CONNECTION counts as long as the host has its server address")
    func stale() throws {
        let path = try policy(from: "192.0.2.0/24")
        for (address, status) in [(SSHServer.address, Int32(4)), ("192.0.2.77", 0)] {
            let variable = "SSH_CONNECTION=\(SSHServer.client) 50000 \(address) \(SSHServer.port)"
            let result = try portreeve(
                "apply", path, "--yes", "--quiet", prefix: ["env", "-i", variable, "setsid", "-w"])
            #expect(result.status == status, "\(result.errors)")
        }
    }
}
