internal import Addressing
internal import CMnl
internal import Glibc
internal import Listeners
internal import System

/// A request to list or to close sockets: `sock_diag(7)`.
struct SocketRequest {
    /// The message with its header.
    let bytes: [UInt8]

    /// Requests a dump of the sockets in `states`; the replies carry `sequence`; `family` is `AF_INET` or `AF_INET6`.
    init(_ states: SocketStates, transport: TransportProtocol, family: Int32, sequence: UInt32) {
        var request = inet_diag_req_v2()
        request.sdiag_family = UInt8(truncatingIfNeeded: family)
        request.sdiag_protocol = transport.rawValue
        request.idiag_states = states.rawValue
        self.init(request.bytes, type: SOCK_DIAG_BY_FAMILY, flags: NLM_F_DUMP, sequence: sequence)
    }

    /// Requests a dump of the TCP sockets of both families in `states`; the kernel walks its table of connections once.
    ///
    /// Only the older form of a request names no family: `inet_diag_dump_compat` of the kernel's `net/ipv4/inet_diag.c`.
    init(ofTCPIn states: SocketStates, sequence: UInt32, isCounted: Bool = false) {
        var request = inet_diag_req()
        if isCounted { request.idiag_ext = Self.counters }
        request.idiag_states = states.rawValue
        self.init(request.bytes, type: TCPDIAG_GETSOCK, flags: NLM_F_DUMP, sequence: sequence)
    }

    /// The bit of `idiag_ext` that asks for `struct tcp_info`.
    private static let counters: UInt8 = 1 << UInt8(INET_DIAG_INFO - 1)

    /// Requests to close one connection, and no newer one with the same addresses and ports; kernel 4.5 or later.
    init(destroying connection: EstablishedConnection, transport: TransportProtocol = .tcp, sequence: UInt32) {
        var request = inet_diag_req_v2()
        request.sdiag_family = UInt8(truncatingIfNeeded: connection.local.address.familyNumber)
        request.sdiag_protocol = transport.rawValue
        request.idiag_states = SocketStates.established.rawValue
        request.id.idiag_sport = connection.local.port.bigEndian
        request.id.idiag_dport = connection.remote.port.bigEndian
        request.id.idiag_src = connection.local.address.bigEndianWords
        request.id.idiag_dst = connection.remote.address.bigEndianWords
        request.id.idiag_if = connection.interfaceIndex
        request.id.idiag_cookie = (
            UInt32(truncatingIfNeeded: connection.cookie), UInt32(truncatingIfNeeded: connection.cookie >> 32)
        )
        self.init(request.bytes, type: SOCK_DESTROY, flags: NLM_F_ACK, sequence: sequence)
    }

    private init(_ request: [UInt8], type: Int32, flags: Int32, sequence: UInt32) {
        var header = nlmsghdr()
        header.nlmsg_len = UInt32(MemoryLayout<nlmsghdr>.size + request.count)
        header.nlmsg_type = UInt16(type)
        header.nlmsg_flags = UInt16(NLM_F_REQUEST | flags)
        header.nlmsg_seq = sequence
        bytes = header.bytes + request
    }
}

/// A set of socket states, one bit per state of `netinet/tcp.h`.
struct SocketStates: OptionSet {
    let rawValue: UInt32

    /// The states of sockets that accept packets from any peer.
    static func listening(_ transport: TransportProtocol) -> Self {
        switch transport {
        case .tcp, .sctp, .dccp: Self(TCP_LISTEN)
        default: Self(TCP_CLOSE)
        }
    }

    /// The TCP states in which data can pass in at least one direction: data written before `close` is still sent.
    static let established: Self = [
        Self(TCP_ESTABLISHED), Self(TCP_FIN_WAIT1), Self(TCP_FIN_WAIT2), Self(TCP_CLOSE_WAIT), Self(TCP_LAST_ACK),
    ]

    /// The state of a connection whose handshake is not complete for the socket.
    static let opening = Self(TCP_SYN_RECV)

    /// The states of sockets with a peer, which datagram sockets share, also of connections that are over.
    static let connected = established.union([opening, Self(TCP_SYN_SENT), Self(TCP_CLOSING), Self(TCP_TIME_WAIT)])

    init(rawValue: UInt32) { self.rawValue = rawValue }

    private init(_ state: Int) { rawValue = 1 << UInt32(state) }
}

/// The protocols that the kernel has registered at present.
struct RegisteredProtocols {
    private let names: Set<String>

    /// Reads the first column of `/proc/net/protocols`; `nil` if the file cannot be read.
    static func names() -> Self? {
        guard let text = ProcFile.text("/proc/thread-self/net/protocols") else { return nil }
        let lines = text.utf8.split(separator: UInt8(ascii: "\n")).dropFirst()
        return Self(names: Set(lines.map { String(Substring($0.prefix { $0 != UInt8(ascii: " ") })) }))
    }

    /// Whether sockets of this protocol and family can exist.
    func hasSockets(of transport: TransportProtocol, family: Int32) -> Bool {
        let isIPv6 = family == AF_INET6
        return switch transport {
        case .tcp, .udp, .dccp, .sctp: names.contains(transport.name.uppercased() + (isIPv6 ? "v6" : ""))
        case .udplite: names.contains(isIPv6 ? "UDPLITEv6" : "UDP-Lite")
        default: false
        }
    }
}

extension IPAddress {
    /// The address family, `AF_…` of `socket.h`.
    var familyNumber: Int32 {
        switch self {
        case .ipv4: AF_INET
        case .ipv6: AF_INET6
        }
    }

    /// The address in network order, as `struct inet_diag_sockid` has it.
    fileprivate var bigEndianWords: (UInt32, UInt32, UInt32, UInt32) {
        func word(_ value: UInt128, _ index: UInt128) -> UInt32 {
            UInt32(truncatingIfNeeded: value >> (96 - 32 * index)).bigEndian
        }
        return switch self {
        case .ipv4(let value): (value.bigEndian, 0, 0, 0)
        case .ipv6(let value): (word(value, 0), word(value, 1), word(value, 2), word(value, 3))
        }
    }
}
