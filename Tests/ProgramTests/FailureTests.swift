import TestSupport
import Testing

/// Two policies that differ in every kind of object.
private let small = """
    version: 1
    services:
      ssh: {ports: 22, from: 10.0.0.0/8, why: Admin access}

    """

@Suite("Failures", .privileged, .networkNamespace)
struct FailureTests {
    @Test("Without privileges it says so, and changes nothing", arguments: ["plan", "apply", "verify", "remove"])
    func privilege(command: String) throws {
        let portreeve = try Portreeve()
        let policy = try portreeve.write(small)
        let arguments =
            command == "remove"
            ? ["remove", "--yes"] : command == "apply" ? ["apply", policy, "--yes"] : [command, policy]
        let result = try Program.run(["setpriv", "--bounding-set=-net_admin", try Portreeve.executable] + arguments)
        #expect(result.status == 1)
        #expect(result.output.isEmpty)
        #expect(result.errors.contains("CAP_NET_ADMIN"), "\(result.errors)")
        #expect(try portreeve.shell("nft list ruleset").isEmpty)
    }

    @Test("check and show need no privileges")
    func unprivileged() throws {
        let portreeve = try Portreeve()
        let policy = try portreeve.write(small)
        for command in ["check", "show"] {
            let result = try portreeve(command, policy, prefix: ["setpriv", "--bounding-set=-net_admin"])
            #expect(result.status == 0, "\(result.errors)")
        }
    }

    @Test("Without privileges explain and sessions answer, and say on standard error what they could not read")
    func unread() throws {
        let portreeve = try Portreeve()
        let (policy, prefix) = (try portreeve.write(small), ["setpriv", "--bounding-set=-net_admin"])
        let denied = "operation not permitted; run as root, or with CAP_NET_ADMIN\n"
        let answer = try portreeve("explain", "10.1.2.3", "22", policy, prefix: prefix)
        #expect(
            answer.status == 0 && answer.output.hasPrefix("accept: 10.1.2.3 to tcp/22 by the policy: "), "\(answer)")
        let rules = "portreeve: warning: the live rules were not read, so this answer is from the policy file: "
        #expect(answer.errors == "\(rules)reading the ruleset: \(denied)")
        let list = try portreeve("sessions", policy, prefix: prefix)
        #expect(list.status == 0 && list.output == "0 connections known, and others may be open\n", "\(list)")
        let lines = list.errors.split(separator: "\n").map { "\($0)\n" }
        #expect(lines.count == 2 && lines.allSatisfy { $0.hasSuffix(denied) }, "\(list)")
        #expect(
            lines[0].contains("connections without a socket are not known: ") && lines[1].contains("grants and bans"))
    }

    @Test("A kernel without nf_tables is reported")
    func unsupported() throws {
        let portreeve = try Portreeve()
        let injection = ["strace", "-o", "/dev/null", "-e", "inject=socket:error=EPROTONOSUPPORT"]
        let result = try portreeve("plan", try portreeve.write(small), prefix: injection)
        #expect(result.status == 1)
        #expect(result.errors.contains("nf_tables"), "\(result.errors)")
    }

    @Test("A missing namespace is reported")
    func namespace() throws {
        let portreeve = try Portreeve()
        let result = try portreeve("plan", try portreeve.write(small), "--netns", "no-such-namespace")
        #expect(result.status == 1)
        #expect(result.errors.contains("no-such-namespace"), "\(result.errors)")
    }

    @Test("A full disk is a failure")
    func fullDisk() throws {
        let portreeve = try Portreeve()
        let policy = try portreeve.write(small)
        let result = try Program.run(["sh", "-c", "\(try Portreeve.executable) show \(policy) > /dev/full"])
        #expect(result.status == 1)
    }

    @Test("A wrong command line exits 64")
    func usage() throws {
        let portreeve = try Portreeve()
        #expect(try portreeve("aply").status == 64)
        #expect(try portreeve("plan", "--no-such-option").status == 64)
        #expect(try portreeve("verify", "--only", "nothing").status == 64)
        #expect(try portreeve("plan", "--format", "yaml").status == 64)
    }
}

@Suite("Interrupted commands", .privileged, .networkNamespace)
struct InterruptionTests {
    /// Runs `apply` from one policy to the other repeatedly, each time with a fault at the next system call.
    ///
    /// One of the two tables is always live as a whole, and the exit status tells which.
    private func attack(_ call: String, _ fault: String, every step: Int = 1, allowed: Set<Int32>) throws {
        let portreeve = try Portreeve()
        let policies = [try portreeve.write(small, to: "small.yaml"), try portreeve.write(everything, to: "big.yaml")]
        #expect(try portreeve("apply", policies[0], "--yes").status == 0)
        var (target, occurrence, faultless) = (1, 1, 0)
        while faultless < 2 {
            let injection = "inject=\(call):\(fault):when=\(occurrence)"
            let prefix = ["strace", "-qq", "-e", "signal=none", "-e", "trace=\(call)", "-e", injection]
            let result = try portreeve("apply", policies[target], "--yes", "--quiet", prefix: prefix)
            #expect(allowed.contains(result.status), "\(occurrence): \(result.status) \(result.errors)")
            let live = try policies.map { try portreeve("verify", $0, "--only", "ruleset", "--quiet").status == 0 }
            #expect(live != [false, false], "neither table is whole after fault \(occurrence)")
            if result.status == 0 { #expect(live[target]) }
            faultless = result.errors.contains("INJECTED") || result.status == Self.killed ? 0 : faultless + 1
            if live[target] { target = 1 - target }
            occurrence += step
        }
    }

    /// The exit status after SIGKILL.
    private static let killed: Int32 = 128 + 9

    @Test("Killed at any message, it leaves the old table or the new one", arguments: ["sendto", "recvfrom"])
    func killed(call: String) throws {
        try attack(call, "signal=KILL", every: call == "sendto" ? 1 : 3, allowed: [0, Self.killed])
    }

    @Test("An error at any message is reported, and leaves one whole table", arguments: ["sendto", "recvfrom"])
    func errors(call: String) throws {
        try attack(call, "error=ENOBUFS", every: 3, allowed: [0, 1])
    }

    @Test("A signal at a message is not an error", arguments: ["sendto", "recvfrom"])
    func signals(call: String) throws {
        try attack(call, "error=EINTR", every: 5, allowed: [0])
    }
}
