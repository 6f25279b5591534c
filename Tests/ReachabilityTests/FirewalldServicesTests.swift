import Addressing
import Policies
import Testing

@testable import Importing

/// Names of services from the files of firewalld.
@Suite("Services of firewalld")
struct FirewalldServicesTests {
    private struct Files: PolicyFiles {
        var texts: [String: String]

        func read(_ path: String, checksOwnership: Bool) throws(FileRefusal) -> PolicyFile {
            PolicyFile(bytes: Array((texts[path] ?? "").utf8), identity: [])
        }

        func readStandardInput() throws(FileRefusal) -> PolicyFile { PolicyFile(bytes: [], identity: []) }
        func checkDirectories(above path: String) throws(FileRefusal) {}
        func identity(of path: String) -> [UInt64]? { nil }
        func paths(matching pattern: String) throws(FileRefusal) -> [String] {
            texts.keys.filter { $0.hasPrefix(pattern.dropLast("*.xml".count)) }
        }
    }

    private static let package = "/usr/lib/firewalld/services/"

    /// The name of the service with these ports, by files of the package.
    private static func name(
        _ ports: [TransportProtocol: IntervalSet<UInt16>], _ texts: [String: String],
        by rule: String = "inet firewalld filter_IN_public_allow: tcp dport 1 accept"
    ) -> String? {
        let files = texts.reduce(into: [:]) { files, text in
            files[text.key.hasPrefix("/") ? text.key : "\(package)\(text.key).xml"] = text.value
        }
        var service = PolicyDraft.Service(ports: ports, entries: [], rules: [rule])
        FirewalldServices(Files(texts: files)).name(&service)
        return service.firewallName
    }

    private static let one = [TransportProtocol.tcp: IntervalSet<UInt16>([3000...3000])]

    @Test("The file with exactly these ports gives the name")
    func known() {
        let grafana = """
            <?xml version="1.0" encoding="utf-8"?>
            <!-- <port protocol="tcp" port="1"/> > -->
            <service>
              <short>grafana</short>
              <description>A dashboard: 3 &lt; 4</description>
              <port protocol="tcp" port="3000"/>
            </service>
            """
        let sync = "<service><port port='22000' protocol='tcp' /><port protocol='udp' port='22000-22001'/></service>"
        let texts = ["grafana": grafana, "syncthing": sync]
        #expect(Self.name(Self.one, texts) == "grafana")
        #expect(
            Self.name([.tcp: IntervalSet([22000...22000]), .udp: IntervalSet([22000...22001])], texts) == "syncthing")
        #expect(Self.name([.tcp: IntervalSet([22000...22000])], texts) == nil)
        #expect(Self.name(Self.one, texts, by: "inet filter input: tcp dport 3000 accept") == nil)
    }

    @Test("Two files with the same ports give none, and a file of the administrator replaces that of the package")
    func several() {
        let text = "<service><port protocol=\"tcp\" port=\"3000\"/></service>"
        #expect(Self.name(Self.one, ["a": text, "b": text]) == nil)
        let other = "<service><port protocol=\"tcp\" port=\"4000\"/></service>"
        #expect(Self.name(Self.one, ["a": text, "/etc/firewalld/services/a.xml": other]) == nil)
        #expect(Self.name(Self.one, ["a": other, "/etc/firewalld/services/a.xml": text]) == "a")
    }

    @Test(
        "A file that is not understood, or that admits more than its ports, gives none",
        arguments: [
            "", "<", "<!--", "<port", "<port>", "<port protocol=\"tcp\"/>", "<port protocol=\"gre\" port=\"3000\"/>",
            "<port protocol=\"tcp\" port=\"\"/>", "<port protocol=\"tcp\" port=\"3000-\"/>",
            "<port protocol=\"tcp\" port=\"3001-3000\"/>", "<port protocol=\"tcp\" port=\"3000-3000-3000\"/>",
            "<port protocol=\"tcp\" port=\"99999\"/>", "<port protocol=\"tcp\" port=\"3000/>",
            "<port protocol=\"tcp\" port=\"3000\"/><include service=\"ssh\"/>",
            "<port protocol=\"tcp\" port=\"3000\"/><protocol value=\"gre\"/>",
            "<port protocol=\"tcp\" port=\"3000\"/><source-port port=\"1\" protocol=\"tcp\"/>",
            "<port protocol=\"tcp\" port=\"3000\"/>" + String(repeating: " ", count: 70_000),
        ])
    func unclear(text: String) {
        #expect(Self.name(Self.one, ["a": text]) == nil)
    }
}
