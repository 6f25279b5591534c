import Addressing
import Glibc
import Listeners
import TestSupport
import Testing

@testable import Kernel

@Suite("Routes are read from the kernel", .privileged, .networkNamespace)
struct RouteTests {
    @Test("The host's own addresses are local, others are behind an interface, and some have no route")
    func routes() throws {
        for command in [
            "link set lo up", "link add eth7 type veth peer name far", "address add 192.0.2.1/24 dev eth7",
            "address add 2001:db8::1/64 dev eth7 nodad", "link set eth7 up", "link set far up",
        ] {
            #expect(try Program.run(["ip"] + command.split(separator: " ").map(String.init)).status == 0)
        }
        let index = unsafe if_nametoindex("eth7")
        for (own, other) in [
            (IPAddress.ipv4(0xc000_0201), IPAddress.ipv4(0xc000_0209)),
            (.ipv6(0x2001_0db8 << 96 | 1), .ipv6(0x2001_0db8 << 96 | 9)),
        ] {
            let (near, far) = (try #require(ReturnRoute.lookUp(own)), try #require(ReturnRoute.lookUp(other)))
            #expect(near.isLocal && near.interfaceIndex == 1)
            #expect(!far.isLocal && far.interfaceIndex == index)
        }
        #expect(ReturnRoute.lookUp(.ipv4(0xc633_6407)) == nil)
    }
}
