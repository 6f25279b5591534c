internal import Addressing
internal import CMnl
internal import Glibc
public import Listeners
public import System

/// The sockets of the network namespace of the calling thread.
///
/// The source is `sock_diag(7)`, which needs no privileges. The kernel filters by state, so established connections
/// cost nothing.
public struct SocketTable {
    /// All listening sockets, ordered by protocol, port and address, without their owners.
    ///
    /// These are TCP, SCTP and DCCP sockets in LISTEN, and UDP and UDP-Lite sockets that are bound and not connected.
    /// Each socket of a `SO_REUSEPORT` group is listed. Protocols that the kernel has not registered are skipped: a
    /// request would load their modules.
    ///
    /// - Throws: `unsupported` if the kernel has a protocol but not the module that lists its sockets.
    public static func listeners() throws(KernelError) -> [Listener] {
        let socket = try open()
        let names = RegisteredProtocols.names()
        var interfaces = InterfaceNames()
        var listeners: [Listener] = []
        for transport in TransportProtocol.withPorts {
            for family in [AF_INET, AF_INET6] where names?.hasSockets(of: transport, family: family) ?? true {
                listeners += try read(transport, family: family, on: socket, &interfaces, isKnown: names != nil)
            }
        }
        return inOrder(listeners)
    }

    /// All TCP connections through which data can still pass, in the kernel's order.
    ///
    /// A connection of an IPv6 socket with an IPv4 peer is listed with IPv4 addresses.
    public static func connections() throws(KernelError) -> [EstablishedConnection] {
        let socket = try open()
        var interfaces = InterfaceNames()
        var connections: [EstablishedConnection] = []
        let sequence = socket.sequence()
        let request = SocketRequest(ofTCPIn: .established, sequence: sequence)
        do throws(SystemError) {
            try socket.request(request.bytes, sequence: sequence) { message throws(SystemError) in
                let found = try SocketMessage(message.payload)
                if let connection = try found.connection(&interfaces) { connections.append(connection) }
            }
        } catch {
            throw failure(error, .tcp)
        }
        return connections
    }

    /// Sorts listeners through an index: protocol and port mostly decide, and moving whole listeners is expensive.
    private static func inOrder(_ listeners: [Listener]) -> [Listener] {
        let places = listeners.indices.map { index in
            let port = listeners[index].port
            return (port: UInt32(listeners[index].transport.rawValue) << UInt16.bitWidth | UInt32(port), index: index)
        }
        return places.sorted { first, second in
            if first.port != second.port { return first.port < second.port }
            return listeners[first.index].precedes(listeners[second.index])
        }.map { listeners[$0.index] }
    }

    static func open() throws(KernelError) -> NetlinkSocket {
        do throws(SystemError) {
            return try NetlinkSocket(bus: NETLINK_SOCK_DIAG)
        } catch {
            throw error.during("opening a sock_diag netlink socket")
        }
    }

    private static func read(
        _ transport: TransportProtocol, family: Int32, on socket: borrowing NetlinkSocket,
        _ interfaces: inout InterfaceNames, isKnown: Bool
    ) throws(KernelError) -> [Listener] {
        let sequence = socket.sequence()
        let request = SocketRequest(.listening(transport), transport: transport, family: family, sequence: sequence)
        var listeners: [Listener] = []
        do throws(SystemError) {
            try socket.request(request.bytes, sequence: sequence) { message throws(SystemError) in
                let found = try SocketMessage(message.payload)
                guard found.isListening else { return }
                try found.append(to: &listeners, transport, &interfaces)
            }
        } catch {
            if !isKnown && error.isMissingProtocol { return [] }
            throw failure(error, transport)
        }
        return listeners
    }

    static func failure(_ error: SystemError, _ transport: TransportProtocol) -> KernelError {
        let attempt = "listing the \(transport.name) sockets"
        guard error.isMissingProtocol else { return error.during(attempt) }
        let module = "\(transport == .udplite ? "udp" : transport.name)_diag"
        return KernelError(
            .unsupported, attempt, code: error.code, answer: error.text, advice: "load the module \(module)")
    }
}

extension SystemError {
    /// Whether the error is the kernel's answer for a protocol without a module that lists its sockets.
    var isMissingProtocol: Bool {
        [ENOENT, EOPNOTSUPP, EINVAL, EPROTONOSUPPORT, EAFNOSUPPORT].contains(code)
    }
}

extension Listener {
    /// The order of two listeners on one port: IPv4 first, then address, interface, inode.
    fileprivate func precedes(_ other: Listener) -> Bool {
        if address != other.address { return address < other.address }
        if interface != other.interface { return (interface ?? "") < (other.interface ?? "") }
        return inode < other.inode
    }
}
