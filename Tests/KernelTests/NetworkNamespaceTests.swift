import Addressing
import Rulesets
import System
import TestSupport
import Testing

@testable import Kernel

@Suite("Namespaces are entered by name", .privileged, .networkNamespace)
struct NetworkNamespaceTests {
    @Test("Invalid names are refused", arguments: ["", ".", "..", "../net/x", "a/b", "a\0b", "/proc/\0"])
    func noName(_ name: String) {
        let error = #expect(throws: KernelError.self) { try NetworkNamespace.enter(named: name) }
        #expect(error?.category == .missing)
    }

    @Test("The error for a missing namespace says how to create one")
    func missing() {
        let error = #expect(throws: KernelError.self) { try NetworkNamespace.enter(named: "portreeve-none") }
        #expect(
            error?.description
                == "entering network namespace \"portreeve-none\": no such file or directory; "
                + "\"ip netns add portreeve-none\" creates it, \"ip netns list\" shows all")
    }

    @Test("A file that is not a namespace is refused")
    func otherFile() {
        let error = #expect(throws: KernelError.self) { try NetworkNamespace.enter(named: "/dev/null") }
        #expect(error?.category == .missing)
        #expect(
            error?.description == "entering network namespace \"/dev/null\": invalid argument: not a network namespace")
    }

    @Test("A namespace is entered by path, and a socket stays in the namespace in which it was opened")
    func path() throws {
        let name = TableName(family: .ipv4, name: "portreeve-here")
        _ = try Table(name: name).loadedAndRead()
        let inside = try Nftables()
        // The namespace of the test process is only read.
        try NetworkNamespace.enter(named: "/proc/self/ns/net")
        #expect(try Nftables().snapshot(of: name).table == nil)
        #expect(try inside.snapshot(of: name).table == Table(name: name))
    }
}
