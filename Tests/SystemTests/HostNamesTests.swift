import Testing

@testable import System

@Suite("Names of a host")
struct HostNamesTests {
    private let hosts = """
        127.0.0.1 localhost  # not db1
        127.0.1.1 db1.example.org DB1 db1-old
        192.0.2.2 web1.example.org web1
        ::1 localhost ip6-localhost db1 host.localdomain
        """

    @Test("The kernel's name, its first part, and the names beside either in hosts(5)")
    func names() {
        #expect(HostNames.names(of: "db1", hosts: hosts) == ["db1", "db1.example.org", "DB1", "db1-old"])
        #expect(HostNames.names(of: "web1.example.org", hosts: hosts) == ["web1.example.org", "web1"])
        #expect(HostNames.names(of: "mail", hosts: hosts) == ["mail"])
        #expect(HostNames.names(of: "mail.example.org", hosts: "") == ["mail.example.org", "mail"])
    }

    @Test("This host has one")
    func own() throws { #expect(try #require(HostNames.ofThisHost()).first?.isEmpty == false) }
}
