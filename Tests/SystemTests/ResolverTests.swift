import Addressing
import Testing

@testable import System

@Suite("The resolvers of the host")
struct ResolverTests {
    @Test("Are the addresses under nameserver")
    func addresses() {
        let text =
            "# nameserver 192.0.2.9\nsearch example.org\nnameserver 192.0.2.1\n nameserver  fe80::1%eth0 \nnameserver x\nnameserver\n"
        #expect(Resolvers.addresses(in: text).map(\.description) == ["192.0.2.1", "fe80::1"])
        #expect(Resolvers.addresses(in: "").isEmpty)
    }
}
