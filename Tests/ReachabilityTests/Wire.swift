import Addressing
import Glibc
import Kernel
import Listeners
import Reachability
import TestSupport

/// Sends packets with any source to the interfaces of the calling thread's network namespace.
///
/// Each interface is one end of a veth pair; frames are sent out of the other end.
final class Wire {
    /// What a client chooses in the headers of a packet.
    struct Headers {
        /// The size of a segment that the option of TCP has; `nil` for no such option.
        var segmentSize: UInt16? = 1460
        /// Whether IPv4 has an option, the router alert of RFC 2113.
        var hasOption = false
        /// Whether IPv6 has a header of destination options, RFC 8200 4.6.
        var hasDestinationOptions = false
    }

    private let socket: Int32
    private var indices: [String: UInt32] = [:]
    /// The destination of the packets, an address of this host.
    private static let ipv4: [UInt8] = [192, 0, 2, 1]
    private static let ipv6: [UInt8] = [0x20, 0x01, 0x0d, 0xb8] + Array(repeating: 0, count: 11) + [1]
    private static let hardware: [UInt8] = [2, 0, 0, 0, 0, 1]

    /// The destination of the packets of a family.
    static func destination(_ family: AddressFamily) -> IPAddress {
        family == .ipv4
            ? .ipv4(UInt32(bigEndianBytes: ipv4)) : .ipv6(UInt128(bigEndianBytes: ipv6))
    }

    private let addresses: AddressSet

    /// The host's addresses, and the kernel's routes.
    func circumstances() throws -> Circumstances {
        let network = try KernelNetwork()
        let interfaces = network.interfaces ?? []
        let indices = Dictionary(uniqueKeysWithValues: interfaces.map { ($0.name, $0.index) })
        let kinds = interfaces.compactMap { each in each.kind.map { (each.name, $0) } }
        var routes = Routes(indices: indices, kinds: Dictionary(uniqueKeysWithValues: kinds)) { question in
            let destination = UInt32(truncatingIfNeeded: question.destination)
            let address: IPAddress = question.family == .ipv4 ? .ipv4(destination) : .ipv6(question.destination)
            return network.route(RouteQuestion(to: address)).map {
                Routes.Output(name: $0.interface, index: $0.interfaceIndex)
            }
        }
        routes.hardwareTypes = Dictionary(
            uniqueKeysWithValues: interfaces.compactMap { each in each.hardwareType.map { (each.name, $0) } })
        routes.addresses = { name in indices[name].flatMap { network.addresses(on: $0) } }
        routes.routesLoopback = { network.routesLoopback($0) }
        return Circumstances(now: Int64(time(nil)), addresses: addresses, routes: routes)
    }

    init(interfaces: [String]) throws {
        let numbers = 1...UInt32(interfaces.count)
        addresses = AddressSet(
            ipv4: IntervalSet(([0x7f00_0001, 0xc000_0201] + numbers.map { 0xc633_6400 + $0 }).map { $0...$0 }),
            ipv6: IntervalSet(
                ([1, 0x2001_0db8 << 96 | 1] + numbers.map { 0x2001_0db8_0001 << 80 | UInt128($0) }).map { $0...$0 }))
        for (number, name) in interfaces.enumerated() {
            try Self.ip(
                "link", "add", name, "address", "02:00:00:00:00:01", "type", "veth", "peer", "name", "p\(number)")
            for end in [name, "p\(number)"] { try Self.ip("link", "set", end, "up") }
            // `redirect` translates to the address of the input interface.
            try Self.ip("addr", "add", "198.51.100.\(number + 1)/32", "dev", name)
            try Self.ip("-6", "addr", "add", "2001:db8:1::\(number + 1)/128", "dev", name, "nodad")
        }
        try Self.ip("link", "set", "lo", "up")
        try Self.ip("addr", "add", "192.0.2.1/32", "dev", "lo")
        try Self.ip("-6", "addr", "add", "2001:db8::1/128", "dev", "lo", "nodad")
        for family in ["-4", "-6"] { try Self.ip(family, "route", "add", "default", "dev", interfaces[0]) }
        for name in interfaces + ["all", "default"] { try Self.set("ipv4/conf/\(name)/rp_filter", "0") }
        try Self.set("ipv4/ip_forward", "1")
        try Self.set("ipv6/conf/all/forwarding", "1")
        // A neighbour for forwarded packets.
        try Self.ip("neigh", "add", "10.9.0.2", "lladdr", "02:00:00:00:00:09", "dev", interfaces[0])
        socket = Glibc.socket(AF_PACKET, Int32(SOCK_RAW.rawValue), 0)
        guard socket >= 0 else { throw POSIXFailure(code: errno) }
        for (number, name) in interfaces.enumerated() { indices[name] = unsafe if_nametoindex("p\(number)") }
        try Self.awaitAddresses(["2001:db8::1"] + numbers.map { "2001:db8:1::\($0)" })
    }

    /// Waits until packets to these addresses are for this host: the kernel adds the route of an IPv6 address some time after it.
    private static func awaitAddresses(_ addresses: [String]) throws {
        let areReady = try eventually {
            let listing = try Program.run(["ip", "-6", "route", "show", "table", "local"]).output
            return addresses.allSatisfy { listing.contains("local \($0) ") }
        }
        guard areReady else { throw POSIXFailure(code: ETIMEDOUT) }
    }

    deinit { close(socket) }

    struct POSIXFailure: Error { var code: Int32 }

    private static func ip(_ arguments: String...) throws {
        let result = try Program.run(["ip"] + arguments)
        guard result.status == 0 else { throw POSIXFailure(code: result.status) }
    }

    private static func set(_ name: String, _ value: String) throws {
        let descriptor = unsafe open("/proc/sys/net/\(name)", O_WRONLY)
        guard descriptor >= 0 else { throw POSIXFailure(code: errno) }
        defer { close(descriptor) }
        let bytes = Array(value.utf8)
        guard unsafe write(descriptor, bytes, bytes.count) == bytes.count else { throw POSIXFailure(code: errno) }
    }

    /// Sends a packet, which its source port identifies.
    func send(_ packet: Packet, sourcePort: UInt16, headers: Headers = Headers()) throws {
        let (header, etherType) =
            packet.family == .ipv4
            ? (ipv4(packet, sourcePort, headers), [0x08, 0x00]) : (ipv6(packet, sourcePort, headers), [0x86, 0xdd])
        let frame = Self.hardware + [2, 0, 0, 0, 0, 2] + etherType.map(UInt8.init) + header
        // struct sockaddr_ll of linux/if_packet.h.
        var address = [UInt8](repeating: 0, count: 20)
        address[0] = UInt8(AF_PACKET)
        let index = indices[packet.interface] ?? 0
        for byte in 0..<4 { address[4 + byte] = UInt8(truncatingIfNeeded: index >> (8 * UInt32(byte))) }
        let sent = unsafe address.withUnsafeBytes { place in
            unsafe place.withMemoryRebound(to: sockaddr.self) {
                unsafe sendto(socket, frame, frame.count, 0, $0.baseAddress, 20)
            }
        }
        guard sent == frame.count else { throw POSIXFailure(code: errno) }
    }

    private func ipv4(_ packet: Packet, _ sourcePort: UInt16, _ headers: Headers) -> [UInt8] {
        let source = Self.bytes(UInt32(packet.source))
        let body = segment(packet, sourcePort, headers, pseudo: source + Self.ipv4)
        let option: [UInt8] = headers.hasOption ? [148, 4, 0, 0] : []
        let length = 20 + option.count
        var header: [UInt8] =
            [0x40 | UInt8(length / 4), 0] + Self.bytes(UInt16(length + body.count))
            + [0, 1, 0, 0, 64, packet.transport.rawValue, 0, 0]
        header += source + Self.ipv4 + option
        header.replaceSubrange(10..<12, with: Self.bytes(Self.checksum(header)))
        return header + body
    }

    private func ipv6(_ packet: Packet, _ sourcePort: UInt16, _ headers: Headers) -> [UInt8] {
        let source = Self.bytes(packet.source)
        let body = segment(packet, sourcePort, headers, pseudo: source + Self.ipv6)
        let transport = packet.transport.rawValue
        // Padding of six bytes.
        let options: [UInt8] = headers.hasDestinationOptions ? [transport, 0, 1, 4, 0, 0, 0, 0] : []
        let (next, length): (UInt8, Int) = (options.isEmpty ? transport : 60, options.count + body.count)
        return [0x60, 0, 0, 0] + Self.bytes(UInt16(length)) + [next, 64] + source + Self.ipv6 + options + body
    }

    /// A SYN, or an empty datagram; of a protocol without ports, a payload that starts with the number of the port.
    private func segment(
        _ packet: Packet, _ sourcePort: UInt16, _ headers: Headers, pseudo addresses: [UInt8]
    ) -> [UInt8] {
        guard packet.transport.hasPorts else { return Self.bytes(sourcePort) + [0, 0, 0, 0, 0, 1] }
        let ports = Self.bytes(sourcePort) + Self.bytes(packet.port)
        var body = ports
        let place: Int
        if packet.transport == .tcp {
            let option: [UInt8] = headers.segmentSize.map { [2, 4] + Self.bytes($0) } ?? []
            body += [0, 0, 0, 1, 0, 0, 0, 0, option.isEmpty ? 0x50 : 0x60, 0x02, 0xff, 0xff, 0, 0, 0, 0] + option
            place = 16
        } else {
            body += [0, 8, 0, 0]
            place = 6
        }
        let pseudo = addresses + [0, packet.transport.rawValue] + Self.bytes(UInt16(body.count))
        body.replaceSubrange(place..<(place + 2), with: Self.bytes(Self.checksum(pseudo + body)))
        return body
    }

    private static func bytes<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] {
        stride(from: Number.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> Number($0)) }
    }

    /// The checksum of RFC 1071.
    private static func checksum(_ bytes: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for index in stride(from: 0, to: bytes.count, by: 2) {
            sum += UInt32(bytes[index]) << 8 | UInt32(bytes[index + 1])
        }
        while sum > 0xffff { sum = (sum & 0xffff) + (sum >> 16) }
        return ~UInt16(sum)
    }
}
