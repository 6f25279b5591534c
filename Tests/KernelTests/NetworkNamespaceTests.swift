import Addressing
import Rulesets
import System
import TestSupport
import Testing

@testable import Kernel

@Suite("Namespaces are entered by name", .privileged, .networkNamespace)
struct NetworkNamespaceTests {
    @Test("What is no name is refused", arguments: ["", ".", "..", "../net/x", "a/b", "a\0b", "/proc/\0"])
    func noName(_ name: String) {
        let error = #expect(throws: KernelError.self) { try NetworkNamespace.enter(named: name) }
        #expect(error?.category == .missing)
    }

    @Test("A namespace that is not there says how to make one")
    func missing() {
        let error = #expect(throws: KernelError.self) { try NetworkNamespace.enter(named: "portreeve-none") }
        #expect(
            error?.description
                == "entering network namespace \"portreeve-none\": no such file or directory; "
                + "\"ip netns add portreeve-none\" creates it, \"ip netns list\" shows all")
    }

    @Test("A file that is no namespace is not taken for one")
    func otherFile() {
        let error = #expect(throws: KernelError.self) { try NetworkNamespace.enter(named: "/dev/null") }
        #expect(error?.category == .missing)
        #expect(
            error?.description == "entering network namespace \"/dev/null\": invalid argument: not a network namespace")
    }

    @Test("A path leads into a namespace, and a socket stays in the one where it was opened")
    func path() throws {
        let name = TableName(family: .ipv4, name: "portreeve-here")
        _ = try Table(name: name).loadedAndRead()
        let inside = try Nftables()
        // The namespace of the test process: it is only looked at.
        try NetworkNamespace.enter(named: "/proc/self/ns/net")
        #expect(try Nftables().snapshot(of: name).table == nil)
        #expect(try inside.snapshot(of: name).table == Table(name: name))
    }
}
