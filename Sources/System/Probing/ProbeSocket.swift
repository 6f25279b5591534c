internal import Addressing
internal import CLinux
internal import Glibc
internal import Listeners

/// A socket that tries one port: a connection by TCP, or a datagram of UDP.
struct ProbeSocket: ~Copyable {
    private let descriptor: Int32
    private let target: ProbeTarget

    /// Starts the attempt; a silent one sends no datagram.
    ///
    /// - Throws: the error of connect(2), before anything was sent.
    init(_ target: ProbeTarget, at address: IPAddress, isSilent: Bool = false) throws(SystemError) {
        self.target = target
        let bytes = address.bigEndianBytes
        descriptor = unsafe shim_dial(target.transport == .udp ? 1 : 0, bytes, bytes.count, target.port)
        guard descriptor >= 0 else { throw SystemError(code: -descriptor) }
        if isDatagram && !isSilent { send() }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    var isDatagram: Bool { target.transport == .udp }

    /// What poll(2) waits for.
    var request: pollfd { pollfd(fd: descriptor, events: Int16(isDatagram ? POLLIN : POLLOUT), revents: 0) }

    /// Sends the datagram: a question that a server of the port answers, where one is known.
    func send() {
        let datagram = Self.questions[target.port] ?? []
        _ = unsafe Glibc.send(descriptor, datagram, datagram.count, 0)
    }

    /// The answer of the host at `address`, after poll(2) has seen one.
    func answer(from address: IPAddress) -> ProbeAnswer {
        var (code, length) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
        if !isDatagram {
            guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0 else {
                return .failure(HostCalls.text(ofError: errno))
            }
        } else {
            var byte: UInt8 = 0
            code = unsafe recv(descriptor, &byte, 1, 0) < 0 ? errno : 0
        }
        return switch code {
        case 0: .open
        case ECONNREFUSED: .closed
        case ETIMEDOUT: .silence
        default: icmpError?.answer(about: address) ?? .prohibited
        }
    }

    /// The message that ended the attempt; `nil` if none is known.
    private var icmpError: ICMPError? {
        var error = shim_icmp_error()
        guard unsafe shim_icmp_error(descriptor, &error) != 0 else { return nil }
        let bytes = unsafe withUnsafeBytes(of: error.sender) { unsafe Array($0.prefix(error.length)) }
        return ICMPError(
            isIPv6: error.is_ipv6 != 0, type: error.type, code: error.code, sender: IPAddress(bigEndianBytes: bytes))
    }

    /// The address of this host from which packets go to the other one.
    var source: IPAddress? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let length = unsafe shim_own_address(descriptor, &bytes)
        return IPAddress(bigEndianBytes: Array(bytes.prefix(length)))
    }

    /// Datagrams that are answered: a question for the name servers of the root (RFC 1035 4), the time (RFC 5905 7.3), and the
    /// null procedure of rpcbind (RFC 5531 9).
    private static let questions: [UInt16: [UInt8]] = [
        53: [0x70, 0x72, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1],
        123: [0x23] + [UInt8](repeating: 0, count: 47),
        111: [
            0, 0, 0x70, 0x72, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0x86, 0xA0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 0,
        ],
    ]
}
