import Addressing
import Policies
import Testing

@testable import Auditing

@Suite("Services by port")
struct ServicePortsTests {
    private let ports: ServicePorts

    init() throws {
        ports = ServicePorts(
            try Policy(
                try Service("a", "100-200/tcp", "22/tcp"), try Service("b", "201/tcp", "50/udp"),
                try Service("c", "1/tcp", "65535/tcp")))
    }

    static let owners: [(UInt16, String?)] = [
        (1, "c"), (2, nil), (21, nil), (22, "a"), (23, nil), (99, nil), (100, "a"), (200, "a"), (201, "b"), (202, nil),
        (65534, nil), (65535, "c"), (50, nil),
    ]

    @Test("The owner of a port", arguments: owners)
    func owner(port: UInt16, name: String?) {
        #expect(ports.owner(.tcp, port)?.name == name)
        #expect(ports.owner(.udp, port)?.name == (port == 50 ? "b" : nil))
        #expect(ports.owner(.sctp, port) == nil)
    }

    @Test("The owners of a range, each with its part")
    func parts() {
        let found = ports.owners(.tcp, 150...300)
        #expect(found.map(\.service.name) == ["a", "b"])
        #expect(found.map(\.ports) == [150...200, 201...201])
        #expect(ports.owners(.tcp, 0...65535).map(\.service.name) == ["c", "a", "a", "b", "c"])
        #expect(ports.owners(.tcp, 202...65534).isEmpty && ports.owners(.dccp, 0...65535).isEmpty)
    }
}
