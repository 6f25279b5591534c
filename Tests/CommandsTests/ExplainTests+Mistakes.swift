import Commands
import Foundation
import Listeners
import Testing

/// Questions that have no answer, and files that have none.
extension ExplainTests {
    @Test("An address that no client has is no source; a DHCP client has none yet")
    func noClient() throws {
        let terminal = try Terminal()
        let policy = try terminal.write("version: 1\nservices: {ssh: {ports: 22, from: any, why: x}}\n")
        for source in ["0.0.0.0", "224.0.0.1", "255.255.255.255", "::", "ff02::1"] {
            #expect(try terminal.run("explain", source, "22", policy, "--policy") == .usage, "\(source)")
            #expect(terminal.errors.contains("no client has the address \(source)"), "\(terminal.errors)")
        }
        #expect(try terminal.run("explain", "0.0.0.0", "67/udp", policy, "--policy") == .success)
    }

    @Test("Where the file is invalid, the answer says what it is based on, and names the command that shows the errors")
    func invalidFile() throws {
        let terminal = try Terminal()
        let path = try terminal.write(web)
        _ = try terminal.run("apply", path, "--yes")
        _ = try terminal.write(web.replacing("from:", with: "form:"))
        #expect(try terminal.run("explain", "192.0.2.9", "5432", path) == .success)
        let based = "the answer is from the policy as it was applied; \"portreeve check \(path)\" shows what is wrong"
        #expect(terminal.output.contains(based), "\(terminal.output)")
        #expect(terminal.output.contains("; the errors of the file must be corrected first\n"), "\(terminal.output)")
        // A grant reads the file, too.
        #expect(!terminal.output.contains("for a time"))
    }

    @Test("An interface that the host does not have is answered by those that it has, or by the likely one")
    func unknownInterface() throws {
        let terminal = try Terminal()
        let path = try terminal.write(web)
        terminal.interfaces = ["lo", "eth0", "wg0"].map { HostInterface(index: 1, name: $0) }
        _ = try terminal.run("explain", "192.0.2.9", "443", path, "--interface", "eht0")
        #expect(terminal.errors.contains("this host has no interface \"eht0\" (did you mean \"eth0\"?)\n"))
        _ = try terminal.run("explain", "192.0.2.9", "443", path, "--interface", "bond7")
        #expect(terminal.errors.contains("no interface \"bond7\"; its interfaces are lo, eth0, wg0\n"))
    }

    @Test("A broken file is named with its path and line by explain and grant")
    func brokenFile() throws {
        let terminal = try Terminal()
        let path = try terminal.write(web)
        _ = try terminal.run("apply", path, "--yes")
        _ = try terminal.write("version: 1\nservices: 7\n")
        let fault = "the policy is invalid (\(path):2: \"services\" must be a mapping, not a single value)"
        _ = try terminal.run("explain", "192.0.2.9", "443", path)
        #expect(terminal.output.contains("\nfile: \(fault)\n"), "\(terminal.output)")
        _ = try terminal.run("grant", "db", path, "--from", "192.0.2.9", "--for", "1h", "--why", "x")
        #expect(
            terminal.errors.hasPrefix("portreeve: warning: \(fault): the policy as it was applied"),
            "\(terminal.errors)")
    }

    @Test("Rejects invalid questions", arguments: [["10.0.0.0/8", "22"], ["10.0.0.1", "0/tcp"], ["x", "22"]])
    func usage(arguments: [String]) throws {
        let terminal = try Terminal()
        #expect(try terminal.run(["explain"] + arguments + [try terminal.write(web), "--policy"]) == .usage)
    }

    @Test("A group in the place of the address, and a policy in that of the port, are told apart")
    func mistakes() throws {
        let terminal = try Terminal()
        let path = try terminal.write(
            "version: 1\nsources: {office: [203.0.113.0/24]}\nservices: {web: {ports: 80, from: office, why: x}}\n")
        #expect(try terminal.run("explain", "office", "80", path, "--policy") == .usage)
        #expect(
            terminal.errors.hasPrefix("portreeve: \"office\" is a group: write one address of it, such as 203.0.113."),
            "\(terminal.errors)")
        let error = try #require(throws: (any Error).self) { try terminal.run("explain", "203.0.113.9", path) }
        #expect("\(error)".contains("the port is missing"), "\(error)")
    }
}
