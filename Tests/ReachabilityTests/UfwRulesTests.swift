import Addressing
import Policies
import Testing

@testable import Importing

/// Reasons of services from the rules that ufw keeps in its files.
@Suite("Comments and applications of ufw")
struct UfwRulesTests {
    /// The file of ufw's rules of IPv4 alone.
    private struct Files: PolicyFiles {
        let text: String

        func read(_ path: String, checksOwnership: Bool) throws(FileRefusal) -> PolicyFile {
            PolicyFile(bytes: Array((path == "/etc/ufw/user.rules" ? text : "").utf8), identity: [])
        }

        func readStandardInput() throws(FileRefusal) -> PolicyFile { PolicyFile(bytes: [], identity: []) }
        func checkDirectories(above path: String) throws(FileRefusal) {}
        func identity(of path: String) -> [UInt64]? { nil }
        func paths(matching pattern: String) throws(FileRefusal) -> [String] { [] }
    }

    private static let text = """
        ### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 OpenSSH - in
        -A ufw-user-input -p tcp --dport 22 -j ACCEPT -m comment --comment 'dapp_OpenSSH'
        ### tuple ### allow tcp 80,443 0.0.0.0/0 any 0.0.0.0/0 in comment=576562
        ### tuple ### allow any 53 0.0.0.0/0 any 10.0.0.0/8 in_eth0 comment=4e616d6573
        ### tuple ### allow tcp 8000:8100 0.0.0.0/0 any 0.0.0.0/0 in
        ### tuple ### allow tcp 9100 0.0.0.0/0 any 10.1.0.0/16 in comment=4f6e65
        ### tuple ### allow tcp 9100 0.0.0.0/0 any 10.2.0.0/16 in comment=54776f
        ### tuple ### allow tcp 25 0.0.0.0/0 any 0.0.0.0/0 out comment=4d61696c
        ### tuple ### allow tcp 99999 0.0.0.0/0 any 0.0.0.0/0 in comment=4d61696c
        ### tuple ### allow tcp 26 0.0.0.0/0 any 0.0.0.0/0 in comment=4x
        ### tuple ### allow
        """

    private func service(
        _ ports: [TransportProtocol: IntervalSet<UInt16>], by rule: String = "ip filter ufw-user-input: accept"
    ) -> PolicyDraft.Service {
        var service = PolicyDraft.Service(ports: ports, entries: [], rules: [rule])
        UfwRules(Files(text: Self.text)).explain(&service)
        return service
    }

    private func reason(
        _ ports: [TransportProtocol: IntervalSet<UInt16>], by rule: String = "ip filter ufw-user-input: accept"
    ) -> String? { service(ports, by: rule).comment }

    @Test("A comment is the reason, and the name of an application is none")
    func known() {
        let ssh = service([.tcp: IntervalSet([22...22])])
        #expect(ssh.comment == nil && ssh.application == "OpenSSH")
        #expect(reason([.tcp: IntervalSet([80...80, 443...443])]) == "Web")
        #expect(reason([.tcp: IntervalSet([53...53]), .udp: IntervalSet([53...53])]) == "Names")
    }

    @Test("Without a reason, with two of them, or for ports that other rules open, there is none")
    func unknown() {
        #expect(reason([.tcp: IntervalSet([8000...8100])]) == nil)
        #expect(reason([.tcp: IntervalSet([9100...9100])]) == nil)
        #expect(reason([.tcp: IntervalSet([25...25])]) == nil)
        #expect(reason([.tcp: IntervalSet([26...26])]) == nil)
        #expect(reason([.tcp: IntervalSet([22...22])], by: "inet filter input: tcp dport 22 accept") == nil)
    }
}
