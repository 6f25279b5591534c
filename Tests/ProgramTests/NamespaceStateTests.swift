import Foundation
import TestSupport
import Testing

/// A network namespace of `ip netns`; deleted with the value, and its state too.
private final class NamedNamespace {
    let name = "portreeve-test-\(UInt32.random(in: 0...UInt32.max))"
    let portreeve: Portreeve

    init() throws {
        portreeve = try Portreeve()
        try portreeve.shell("ip netns add \(name)")
    }

    deinit {
        _ = try? portreeve.shell("ip netns delete \(name) 2>/dev/null; rm -rf /var/lib/portreeve/netns/\(name)")
        _ = try? portreeve.shell(
            "for link in /run/portreeve/netns-*; do [ ! -L $link ] || [ -e $link ] || rm $link; done")
    }

    /// The policy with one port open.
    func policy(_ port: Int) throws -> String {
        try portreeve.write(
            "version: 1\nservices:\n  web: {ports: \(port), from: 10.0.0.0/8, why: Web}\n", to: "\(port).yaml")
    }

    /// Runs the command with these arguments through `prefix`.
    func run(_ prefix: [String], _ arguments: String...) throws -> Program.Result {
        try Program.run(prefix + [try Portreeve.executable] + arguments)
    }
}

@Suite("A network namespace has one state, however it is entered", .privileged, .networkNamespace)
struct NamespaceStateTests {
    @Test("A change made by name is seen and confirmed from inside", arguments: ["ip", "nsenter"])
    func fromInside(_ way: String) throws {
        let namespace = try NamedNamespace()
        let inside =
            way == "ip"
            ? ["ip", "netns", "exec", namespace.name] : ["nsenter", "--net=/run/netns/\(namespace.name)"]
        let first = try namespace.run(
            [], "apply", try namespace.policy(80), "--yes", "--confirm", "1m", "--netns", namespace.name)
        #expect(first.status == 0)
        let second = try namespace.run(inside, "apply", try namespace.policy(81), "--yes")
        #expect(second.status == 4)
        #expect(second.errors.contains("change 1 is not confirmed"))
        #expect(try namespace.run(inside, "confirm").status == 0)
        #expect(try namespace.run(inside, "apply", try namespace.policy(81), "--yes", "--confirm", "1m").status == 0)
        let third = try namespace.run([], "apply", try namespace.policy(80), "--yes", "--netns", namespace.name)
        #expect(third.status == 4)
        #expect(try namespace.run([], "confirm", "--netns", namespace.name).status == 0)
        #expect(try namespace.run(inside, "history").output.split(separator: "\n").count == 3)
    }

    @Test("A second name, or none any more, leads to the same state")
    func renamed() throws {
        let namespace = try NamedNamespace()
        let (name, shell) = (namespace.name, namespace.portreeve)
        #expect(
            try namespace.run([], "apply", try namespace.policy(80), "--yes", "--confirm", "1m", "--netns", name).status
                == 0)
        try shell.shell(
            "touch /run/netns/a-\(name); mount --bind /run/netns/\(name) /run/netns/a-\(name)")
        defer { _ = try? shell.shell("ip netns delete a-\(name)") }
        let pending = "change 1 is not confirmed"
        #expect(
            try namespace.run([], "apply", try namespace.policy(81), "--yes", "--netns", "a-\(name)").errors
                .contains(pending))
        // A process keeps the namespace alive without a name.
        let holder = try shell.shell(
            "ip netns exec \(name) sleep 60 >/dev/null 2>&1 & echo $!"
        ).trimmingCharacters(in: .whitespacesAndNewlines)
        defer { _ = try? shell.shell("kill \(holder)") }
        try shell.shell("while ! readlink /proc/\(holder)/exe | grep -q sleep; do sleep 0.05; done")
        try shell.shell("ip netns delete \(name); ip netns delete a-\(name)")
        let inside = ["nsenter", "--net=/proc/\(holder)/ns/net"]
        #expect(try namespace.run(inside, "apply", try namespace.policy(81), "--yes").errors.contains(pending))
        #expect(try namespace.run(inside, "confirm").status == 0)
    }

    @Test("A nameless namespace has its own state, which it keeps under a later name")
    func nameless() throws {
        let namespace = try NamedNamespace()
        let name = "\(namespace.name)-later"
        // The test's own namespace has no name.
        #expect(try namespace.run([], "apply", try namespace.policy(80), "--yes", "--confirm", "1m").status == 0)
        defer { _ = try? namespace.portreeve.shell("ip netns delete \(name)") }
        try namespace.portreeve.shell("touch /run/netns/\(name); mount --bind /proc/self/ns/net /run/netns/\(name)")
        let second = try namespace.run([], "apply", try namespace.policy(81), "--yes", "--netns", name)
        #expect(second.status == 4)
        #expect(try namespace.run(["ip", "netns", "exec", name], "confirm").status == 0)
    }
}
