internal import Addressing
internal import CMnl
internal import Glibc
public import Listeners
public import System

extension SocketTable {
    /// The protocols whose sockets have one peer; an SCTP association has many addresses, and conntrack lists it.
    private static let connecting: [TransportProtocol] = [.tcp, .udp, .dccp, .udplite]

    /// All sockets that have a peer, in the kernel's order, and the ports that TCP connections which are over still take.
    ///
    /// A connection of an IPv6 socket with an IPv4 peer is listed with IPv4 addresses. Protocols that the kernel has not
    /// registered are skipped: a request would load their modules.
    public static func connected() throws(KernelError) -> (
        sockets: [ConnectedSocket], waiting: [EphemeralPortUse.Group: Int]
    ) {
        let socket = try open()
        let names = RegisteredProtocols.names()
        var (sockets, waiting): ([ConnectedSocket], [EphemeralPortUse.Group: Int]) = ([], [:])
        var interfaces = InterfaceNames()
        for transport in connecting {
            for family in families(of: transport) where names?.hasSockets(of: transport, family: family) ?? true {
                let sequence = socket.sequence()
                let request =
                    transport == .tcp
                    ? SocketRequest(ofTCPIn: .connected, sequence: sequence, isCounted: true)
                    : SocketRequest(.connected, transport: transport, family: family, sequence: sequence)
                do throws(SystemError) {
                    try socket.request(request.bytes, sequence: sequence) { message throws(SystemError) in
                        let found = try SocketMessage(message.payload)
                        let ends = try found.ends(&interfaces)
                        guard ends.remote.port != 0 else { return }
                        if found.isOver {
                            waiting[
                                EphemeralPortUse.Group(transport, from: ends.local.address, to: ends.remote), default: 0
                            ] += 1
                        } else if let state = found.state(transport) {
                            sockets.append(ConnectedSocket(transport, ends, state, bytes: found.bytes))
                        }
                    }
                } catch {
                    if names == nil && error.isMissingProtocol { continue }
                    throw failure(error, transport)
                }
            }
        }
        return (sockets, waiting)
    }

    /// The families to ask for one after the other: those of TCP come in one answer.
    private static func families(of transport: TransportProtocol) -> [Int32] {
        transport == .tcp ? [AF_INET] : [AF_INET, AF_INET6]
    }
}
