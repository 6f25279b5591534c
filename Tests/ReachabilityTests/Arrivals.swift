import TestSupport
import Testing

/// The source ports of the packets that have arrived by interfaces of the calling thread's network namespace, recorded before any other rule.
///
/// On a busy machine the kernel delivers a packet some time after it was sent, so a test waits before it looks what became of it.
struct Arrivals {
    /// Records from now on.
    init(by interfaces: [String]) throws {
        let devices = interfaces.map { "\"\($0)\"" }.joined(separator: ", ")
        try NftProgram.load(
            """
            table netdev arrivals {
              set seen { type inet_service; flags dynamic; size 65535; }
              chain first { type filter hook ingress devices = { \(devices) } priority -2147483648; update @seen { th sport }; }
            }
            """)
    }

    /// Waits until packets with these source ports have arrived.
    func wait(for sourcePorts: some Sequence<UInt16>) throws {
        let expected = Set(sourcePorts)
        try #require(try eventually { expected.isSubset(of: try seen()) }, "packets were lost on the way to the host")
    }

    private func seen() throws -> Set<UInt16> {
        let listing = try NftProgram.run(["-n", "list", "set", "netdev", "arrivals", "seen"])
        return Set(listing.split(whereSeparator: { !$0.isNumber }).compactMap { UInt16($0) })
    }
}
