internal import Addressing
internal import CMnl
internal import Glibc

/// Asks for all listening sockets of one protocol and one family: `sock_diag(7)`.
struct SocketRequest {
    /// The message with its header.
    let bytes: [UInt8]

    /// A dump that answers with `sequence`; `family` is `AF_INET` or `AF_INET6`.
    init(transport: TransportProtocol, family: Int32, sequence: UInt32) {
        var request = inet_diag_req_v2()
        request.sdiag_family = UInt8(truncatingIfNeeded: family)
        request.sdiag_protocol = transport.rawValue
        request.idiag_states = transport.listeningStates
        var header = nlmsghdr()
        header.nlmsg_len = UInt32(MemoryLayout<nlmsghdr>.size + MemoryLayout<inet_diag_req_v2>.size)
        header.nlmsg_type = UInt16(SOCK_DIAG_BY_FAMILY)
        header.nlmsg_flags = UInt16(NLM_F_REQUEST | NLM_F_DUMP)
        header.nlmsg_seq = sequence
        bytes =
            unsafe withUnsafeBytes(of: &header) { unsafe Array($0) }
            + withUnsafeBytes(of: &request) { unsafe Array($0) }
    }
}

extension TransportProtocol {
    /// The states, as bits, in which a socket of the protocol waits for anybody: `netinet/tcp.h`.
    fileprivate var listeningStates: UInt32 {
        switch self {
        case .tcp, .sctp, .dccp: 1 << UInt32(TCP_LISTEN)
        case .udp, .udplite: 1 << UInt32(TCP_CLOSE)
        }
    }
}

/// The protocols that are registered with the kernel at this time.
struct RegisteredProtocols {
    private let names: Set<String>

    /// Reads `/proc/net/protocols`, the first column of which is the name; `nil` if it cannot be read.
    static func names() -> Self? {
        guard let text = ProcFile.text("/proc/thread-self/net/protocols") else { return nil }
        let lines = text.split(separator: "\n").dropFirst()
        return Self(names: Set(lines.compactMap { $0.split(separator: " ").first.map(String.init) }))
    }

    /// Whether there can be sockets of this protocol and family.
    func hasSockets(of transport: TransportProtocol, family: Int32) -> Bool {
        let isIPv6 = family == AF_INET6
        return switch transport {
        case .tcp, .udp, .dccp, .sctp: names.contains(transport.name.uppercased() + (isIPv6 ? "v6" : ""))
        case .udplite: names.contains(isIPv6 ? "UDPLITEv6" : "UDP-Lite")
        }
    }
}
