import Addressing
import Listeners
import TestSupport
import Testing

@testable import Kernel

@Suite("Interfaces and routes are read from the kernel", .privileged, .networkNamespace)
struct NetworkTests {
    private func ip(_ commands: String) throws {
        let result = try Program.run(["ip", "-batch", "-"], input: commands)
        try #require(result.status == 0, "\(result.errors)")
    }

    private func index(_ name: String, _ network: KernelNetwork) throws -> UInt32 {
        try #require(network.interfaces?.first { $0.name == name }).index
    }

    init() throws {
        try ip(
            """
            link set lo up
            link add eth0 type veth peer name far0
            link add eth1 type veth peer name far1
            link property add dev eth1 altname enp0s31f6 altname enx0200c0ffee01
            link add docker0 type bridge
            link add veth1 type veth peer name far2
            link add lan type bridge
            link set veth1 master docker0
            link set eth0 up
            link set far0 up
            link set eth1 up
            link set far1 up
            link set docker0 up
            link set veth1 up
            link set far2 up
            addr add 198.51.100.1/24 dev eth0
            addr add 172.17.0.1/16 dev docker0
            addr add 2001:db8::1/64 dev eth0 nodad
            route add default via 198.51.100.254
            route add 10.0.0.0/8 dev eth1
            route add 10.1.0.0/16 dev docker0
            route add blackhole 10.2.0.0/16
            route add 192.0.2.0/24 nexthop dev eth0 nexthop dev eth1
            """)
    }

    @Test("Interfaces have kinds and masters, and bridges of containers have only ends of veth pairs")
    func interfaces() throws {
        let network = try KernelNetwork()
        let all = try #require(network.interfaces)
        #expect(all.first { $0.name == "lo" }?.kind == nil)
        #expect(all.first { $0.name == "eth0" }?.kind == "veth")
        #expect(all.first { $0.name == "docker0" }?.kind == "bridge")
        #expect(all.first { $0.name == "veth1" }?.master == all.first { $0.name == "docker0" }?.index)
        #expect(all.first { $0.name == "eth1" }?.otherNames == ["enp0s31f6", "enx0200c0ffee01"])
        #expect(all.first { $0.name == "eth0" }?.otherNames == [])
        #expect(network.gateways == [try #require(IPAddress(try AddressRange("198.51.100.254")))])
        #expect(all.containerBridges.map(\.name).sorted() == ["docker0", "lan"])
        var hardware = HostInterface(index: 1000, name: "enp1s0")
        hardware.master = all.first { $0.name == "lan" }?.index
        #expect((all + [hardware]).containerBridges.map(\.name) == ["docker0"])
    }

    @Test("The route with the longest prefix decides by which interface an address is reached")
    func reached() throws {
        let network = try KernelNetwork()
        func addresses(_ name: String) throws -> AddressSet {
            try #require(network.reached)[try index(name, network)] ?? AddressSet()
        }
        func has(_ name: String, _ text: String) throws -> Bool {
            try addresses(name).contains(try #require(IPAddress(AddressRange(text))))
        }
        #expect(try has("eth0", "198.51.100.7") && has("eth0", "8.8.8.8") && has("eth0", "2001:db8::9"))
        #expect(try has("eth1", "10.3.0.1") && !has("eth0", "10.3.0.1") && !has("eth1", "10.1.0.1"))
        #expect(try has("docker0", "10.1.255.255") && has("docker0", "172.17.0.9") && !has("docker0", "172.18.0.1"))
        #expect(try has("eth0", "192.0.2.9") && has("eth1", "192.0.2.9"))
        #expect(try has("eth0", "255.255.255.255") && has("eth0", "0.0.0.0"))
    }

    @Test("The route of a forwarded packet is that of its source and interface, or that to its destination")
    func routes() throws {
        for key in ["ip_forward", "conf/all/rp_filter", "conf/eth1/rp_filter"] {
            let value = key == "ip_forward" ? "1" : "0"
            #expect(try Program.run(["sh", "-c", "echo \(value) > /proc/sys/net/ipv4/\(key)"]).status == 0)
        }
        try ip("rule add from 10.9.0.0/16 lookup 100\nroute add default dev docker0 table 100")
        let network = try KernelNetwork()
        let (eth0, eth1) = (try index("eth0", network), try index("eth1", network))
        let destination = IPAddress.ipv4(0x0808_0808)
        #expect(network.route(RouteQuestion(to: destination))?.interface == "eth0")
        #expect(
            network.route(RouteQuestion(to: destination, from: .ipv4(0x0a09_0001), on: eth1))?.interface == "docker0")
        #expect(network.route(RouteQuestion(to: destination, from: .ipv4(0x0a08_0001), on: eth1))?.interface == "eth0")
        #expect(
            network.route(RouteQuestion(to: .ipv4(0xac11_0002), from: .ipv4(0xc633_6401), on: eth0))?.interface
                == "docker0")
        #expect(network.route(RouteQuestion(to: .ipv4(0xc633_6401)))?.isLocal == true)
    }

    @Test("Rules of policy routing select by source, interface and mark; one for an own source selects nothing")
    func selectors() throws {
        #expect(try KernelNetwork().selectors(.ipv4) == [])
        try ip("rule add from 198.51.100.1 lookup 100")
        #expect(try KernelNetwork().selectors(.ipv4) == [])
        try ip("rule add fwmark 0x1 lookup 100")
        #expect(try KernelNetwork().selectors(.ipv4) == .mark)
        try ip("rule add iif eth1 lookup 100")
        #expect(try KernelNetwork().selectors(.ipv4) == [.mark, .interface])
        try ip("rule add from 203.0.113.0/24 lookup 100")
        #expect(try KernelNetwork().selectors(.ipv4) == [.mark, .interface, .source])
        #expect(try KernelNetwork().selectors(.ipv6) == [])
    }
}
