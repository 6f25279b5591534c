import Addressing
import Auditing
import Listeners
import Policies
import Testing

@Suite("The owners of listeners")
struct ListenerOwnersTests {
    private func policy(_ expectation: ListenerExpectation) throws -> Policy {
        try Policy(try Service("ssh", "22/tcp", line: 10, listener: expectation))
    }

    private static let sshd = SocketProcess("/usr/sbin/sshd", unit: "ssh.service")
    private static let other = SocketProcess("/tmp/sshd2", unit: "other.service", user: "eve")
    private static let hidden = SocketProcess(pid: 9, name: "sshd")
    private static let systemd = SocketProcess("/usr/lib/systemd/systemd", pid: 1, unit: "init.scope")

    static let owners: [(ListenerExpectation, Owners, [Finding.Identifier])] = [
        (ListenerExpectation(processes: ["sshd"]), .processes([sshd]), []),
        (ListenerExpectation(processes: ["/usr/sbin/sshd"]), .processes([sshd]), []),
        (ListenerExpectation(processes: ["/usr/bin/sshd"]), .processes([sshd]), [.wrongProcess]),
        (ListenerExpectation(processes: ["dropbear", "sshd"]), .processes([sshd]), []),
        (ListenerExpectation(processes: ["sshd"]), .processes([other]), [.wrongProcess]),
        (ListenerExpectation(processes: ["sshd"]), .processes([hidden]), [.unknown]),
        (ListenerExpectation(processes: ["sshd"]), .processes([systemd, sshd]), []),
        (ListenerExpectation(processes: ["sshd"]), .processes([sshd, other]), [.wrongProcess]),
        (ListenerExpectation(processes: ["sshd"]), .kernel, [.wrongProcess]),
        (ListenerExpectation(processes: ["sshd"]), .notAsked, []),
        (ListenerExpectation(units: ["ssh.service"]), .processes([sshd]), []),
        (ListenerExpectation(units: ["ssh.service"]), .processes([other]), [.wrongUnit]),
        (ListenerExpectation(units: ["ssh.service"]), .processes([SocketProcess("/usr/sbin/sshd")]), [.wrongUnit]),
        (ListenerExpectation(units: ["ssh.service"]), .processes([hidden]), [.unknown]),
        (ListenerExpectation(units: ["ssh.service"]), .kernel, [.wrongProcess]),
        (ListenerExpectation(users: ["root", "www"]), .processes([sshd]), []),
        (ListenerExpectation(users: ["root"]), .processes([other]), [.wrongUser]),
        (ListenerExpectation(users: ["root"]), .processes([hidden]), [.unknown]),
        (ListenerExpectation(users: ["root"]), .kernel, []),
        (
            ListenerExpectation(processes: ["sshd"], units: ["ssh.service"], users: ["root"]), .processes([other]),
            [.wrongProcess, .wrongUnit, .wrongUser]
        ),
        (ListenerExpectation(), .processes([other]), []),
    ]

    @Test("Another process, unit or user than the policy expects", arguments: owners)
    func expectations(expectation: ListenerExpectation, owners: Owners, identifiers: [Finding.Identifier]) throws {
        let listener = try Listener("::", 22, owners: owners)
        let found = ListenerAudit(try policy(expectation), [listener]).findings
        #expect(found.map(\.identifier) == identifiers)
        #expect(found.allSatisfy { $0.severity == ($0.identifier == .unknown ? .warning : .error) })
        #expect(found.allSatisfy { $0.service == "ssh" && $0.policy == .line(10) })
    }

    @Test("A path is not met by a file that is not this host's, a name is")
    func elsewhere() throws {
        var process = Self.sshd
        process.isElsewhere = true
        process.container = Container(id: String(repeating: "0123456789abcdef", count: 4))
        let listener = try Listener("::", 22, owners: .processes([process]))
        let path = try policy(ListenerExpectation(processes: ["/usr/sbin/sshd"]))
        let found = ListenerAudit(path, [listener]).findings
        #expect(found.map(\.identifier) == [.wrongProcess])
        #expect(found[0].message.hasPrefix("\"/usr/sbin/sshd\" of container 0123456789ab, not this host's "))
        #expect(ListenerAudit(try policy(ListenerExpectation(processes: ["sshd"])), [listener]).findings.isEmpty)
    }

    static let activated: [(ListenerExpectation, ActivatedUnit?, [Finding.Identifier])] = [
        (ListenerExpectation(), nil, []),
        (ListenerExpectation(units: ["ssh.service"]), nil, [.unknown]),
        (ListenerExpectation(processes: ["sshd"], units: ["ssh.service"], users: ["root"]), ssh, []),
        (ListenerExpectation(units: ["ssh@.service"]), ActivatedUnit(name: "ssh@.service"), []),
        (ListenerExpectation(processes: ["sshd"]), ActivatedUnit(name: "ssh.service"), [.unknown]),
        (
            ListenerExpectation(processes: ["nginx"], units: ["nginx.service"], users: ["www-data"]), ssh,
            [.wrongProcess, .wrongUnit, .wrongUser]
        ),
    ]

    private static let ssh = ActivatedUnit(name: "ssh.service", executable: "/usr/sbin/sshd", user: "root")

    @Test("While systemd alone holds the socket, the unit that it starts is what counts", arguments: activated)
    func activation(expectation: ListenerExpectation, unit: ActivatedUnit?, identifiers: [Finding.Identifier]) throws {
        var listener = try Listener("::", 22, owners: .processes([Self.systemd]))
        listener.activated = unit
        let found = ListenerAudit(try policy(expectation), [listener]).findings
        #expect(found.map(\.identifier) == identifiers)
        // The unit does not matter once the service runs.
        listener.owners = .processes([Self.systemd, Self.sshd])
        #expect(ListenerAudit(try policy(ListenerExpectation(processes: ["sshd"])), [listener]).findings == [])
    }

    @Test("Instances, units of users, and links to executables")
    func names() throws {
        var process = SocketProcess("/usr/bin/python3.11", unit: "app@7.service")
        func found(_ expectation: ListenerExpectation) throws -> [Finding.Identifier] {
            let listener = try Listener("::", 22, owners: .processes([process]))
            let audit = ListenerAudit(
                policy: try policy(expectation), listeners: [listener],
                ephemeral: EphemeralPorts(range: 32768...60999),
                executables: { ["/usr/bin/python3", "python3"].contains($0) ? ["/usr/bin/python3.11"] : [] }, now: 0
            ) { _, _, _, _ in .reachable }
            return audit.findings.map(\.identifier)
        }
        #expect(try found(ListenerExpectation(units: ["app@.service"])) == [])
        #expect(try found(ListenerExpectation(units: ["app@8.service"])) == [.wrongUnit])
        #expect(try found(ListenerExpectation(processes: ["/usr/bin/python3"])) == [])
        #expect(try found(ListenerExpectation(processes: ["python3"])) == [])
        #expect(try found(ListenerExpectation(processes: ["python2"])) == [.wrongProcess])
        process.unit = "user@1000.service"
        process.userUnit = "app.service"
        process.user = "alice"
        #expect(try found(ListenerExpectation(units: ["user@1000.service"])) == [])
        #expect(try found(ListenerExpectation(units: ["app.service"], users: ["alice"])) == [])
        // Every user could name a unit so.
        #expect(try found(ListenerExpectation(units: ["app.service"])) == [.wrongUnit])
        #expect(try found(ListenerExpectation(units: ["app.service"], users: ["bob"])) == [.wrongUnit, .wrongUser])
    }

    @Test("The finding has the port, the address and the process")
    func whole() throws {
        let listener = try Listener("::", 22, owners: .processes([Self.other]))
        let found = ListenerAudit(try policy(ListenerExpectation(processes: ["sshd"])), [listener]).findings
        #expect(
            found.facts == [
                Finding(
                    .wrongProcess, .error, "", service: "ssh", port: try AuditedPort(.tcp, 22, at: "::"),
                    process: Self.other, policy: .line(10))
            ])
        #expect(found[0].message.contains("\"/tmp/sshd2\"") && found[0].message.contains("\"sshd\""))
    }

    @Test("An executable that was replaced since the process started")
    func deleted() throws {
        let old = SocketProcess("/usr/sbin/sshd", isDeleted: true)
        let listener = try Listener("::", 22, owners: .processes([old]))
        let found = ListenerAudit(try policy(ListenerExpectation(processes: ["sshd"])), [listener]).findings
        #expect(found.map(\.identifier) == [.unknown])
        #expect(found[0].process == old)
    }

    @Test("Many processes of one executable are one finding")
    func once() throws {
        let workers = (10..<20).map { SocketProcess("/tmp/worker", pid: $0) }
        let listeners = [
            try Listener("0.0.0.0", 22, owners: .processes(workers)),
            try Listener("::", 22, owners: .processes(workers)),
        ]
        let found = ListenerAudit(try policy(ListenerExpectation(processes: ["sshd"])), listeners).findings
        #expect(found.map(\.identifier) == [.wrongProcess])
        #expect(found[0].process?.pid == 10)
    }

    static let neighbours: [(String, [SocketProcess], String, [SocketProcess], isShared: Bool)] = [
        ("0.0.0.0", [sshd], "0.0.0.0", [other], true), ("0.0.0.0", [sshd], "192.0.2.1", [other], false),
        ("0.0.0.0", [sshd], "0.0.0.0", [SocketProcess("/usr/sbin/sshd", pid: 8)], false),
        ("0.0.0.0", [sshd], "0.0.0.0", [SocketProcess("/bin/helper", unit: "ssh.service")], false),
        ("0.0.0.0", [sshd], "0.0.0.0", [systemd], false), ("0.0.0.0", [sshd], "0.0.0.0", [hidden], false),
    ]

    @Test("Unrelated processes share a port of one address", arguments: neighbours)
    func shared(
        _ first: String, _ processes: [SocketProcess], _ second: String, _ others: [SocketProcess], isShared: Bool
    ) throws {
        let listeners = [
            try Listener(first, 22, owners: .processes(processes)),
            try Listener(second, 22, owners: .processes(others)),
        ]
        let policy = try Policy(try Service("ssh", "22/tcp", from: ["10.0.0.0/8"], line: 10))
        let expected = Finding(
            .sharedPort, .warning, "", service: "ssh", port: try AuditedPort(.tcp, 22, at: first),
            // The same in every run, whichever process was found first.
            process: (processes + others).min { ($0.executable ?? "") < ($1.executable ?? "") },
            policy: .line(10))
        #expect(ListenerAudit(policy, listeners).findings.facts == (isShared ? [expected] : []))
    }

    @Test(
        "A port that a service shares on purpose is no finding: process or unit lists every holder",
        arguments: [
            (["sshd", "/usr/bin/other"], [], false), ([], ["ssh.service", "other.service"], false),
            (["sshd"], [], true),
        ] as [([String], [String], Bool)])
    func sharedOnPurpose(processes: [String], units: [String], isFound: Bool) throws {
        let holders = [Self.sshd, SocketProcess("/usr/bin/other", pid: 9, unit: "other.service")]
        let listeners = try holders.map { try Listener("0.0.0.0", 22, owners: .processes([$0])) }
        let expected = ListenerExpectation(processes: processes, units: units)
        let policy = try Policy(try Service("ssh", "22/tcp", from: ["10.0.0.0/8"], line: 10, listener: expected))
        let found = ListenerAudit(policy, listeners).findings.map(\.identifier)
        #expect(found == (isFound ? [.wrongProcess, .sharedPort] : []))
    }

    @Test("Sockets on different interfaces do not share a port")
    func interfaces() throws {
        let listeners = [
            try Listener("0.0.0.0", 22, interface: "eth0", owners: .processes([Self.sshd])),
            try Listener("0.0.0.0", 22, interface: "eth1", owners: .processes([Self.other])),
        ]
        let policy = try Policy(try Service("ssh", "22/tcp", from: ["10.0.0.0/8"], line: 10))
        #expect(ListenerAudit(policy, listeners).findings == [])
    }

    @Test("Owners that could not be found are one finding for each reason")
    func unknown() throws {
        let listeners =
            try [(22, "hidden"), (80, "gone"), (443, "hidden")].map { port, reason in
                try Listener("::", UInt16(port), owners: .unknown(reason))
            } + [try Listener("127.0.0.1", 25, owners: .unknown("hidden"))]
        let policy = try Policy(try Service("all", "1-1023/tcp", line: 10))
        let found = ListenerAudit(policy, listeners).findings
        #expect(found.facts == Array(repeating: Finding(.unknown, .warning, ""), count: 2))
        #expect(found[0].message.contains("tcp/80") && found[0].message.hasSuffix("gone"))
        #expect(found[1].message.contains("tcp/22, tcp/443") && found[1].message.hasSuffix("hidden"))
    }
}
