public import Addressing
public import Listeners

/// Which connections are wanted, and in which order.
public struct ConnectionQuery: Sendable {
    /// What the order depends on first.
    public enum Order: String, CaseIterable, Sendable {
        /// The direction, the protocol and the port.
        case port
        /// The address of the other end.
        case peer
        /// The state.
        case state
        /// The age, the oldest first; connections of unknown age last.
        case age
        /// The bytes in both directions, the most first.
        case bytes
        /// The name of the process; connections without one last.
        case process
    }

    /// The name of the service; `nil` for any.
    public var service: String?
    /// The addresses of the other end; `nil` for any.
    public var peers: AddressSet?
    /// The directions.
    public var directions = Set(LiveConnection.Direction.allCases)
    /// Whether only connections are wanted that the policy would refuse, or that only `audit` lets pass.
    public var isRefusedOnly = false
    /// The order.
    public var order = Order.port

    /// Every connection, by port.
    public init() {}

    /// Whether the connection is wanted.
    public func matches(_ judged: JudgedConnection) -> Bool {
        if isRefusedOnly && judged.verdict != .refuse && !judged.isAuditOnly { return false }
        if let service, judged.service != service { return false }
        if let peers, !peers.contains(judged.connection.remote.address) { return false }
        return directions.contains(judged.connection.direction)
    }

    /// The connections in this order.
    public func sorted(_ connections: [JudgedConnection]) -> [JudgedConnection] {
        // Through an index: moving whole connections is expensive.
        let keys = connections.indices.map { (key: key(connections[$0].connection), index: $0) }
        return keys.sorted { $0.key < $1.key }.map { connections[$0.index] }
    }

    private func key(_ connection: LiveConnection) -> SortKey {
        var key = SortKey(connection)
        switch order {
        case .port: break
        case .peer: key.number = connection.remote.address.value
        case .state: key.text = connection.state.rawValue
        case .age: key.number = connection.since.map { UInt128(max(0, $0)) } ?? .max
        case .bytes: key.number = .max - UInt128(connection.bytes?.total ?? 0)
        case .process: key.text = connection.processes.first?.name ?? "\u{10ffff}"
        }
        return key
    }
}

/// What the place of a connection depends on.
private struct SortKey: Comparable {
    /// What is compared first, in one of two forms.
    var text = ""
    var number: UInt128 = 0
    /// Direction, family, protocol and the ports.
    private let ports: UInt128
    private let peer: UInt128

    init(_ connection: LiveConnection) {
        let direction: UInt128 =
            switch connection.direction {
            case .inbound: 0
            case .forwarded: 1
            case .outbound: 2
            }
        let (local, remote) = (connection.local, connection.remote)
        let first = connection.direction == .outbound ? remote.port : local.port
        let second = connection.direction == .outbound ? local.port : remote.port
        let family: UInt128 = remote.address.family == .ipv4 ? 0 : 1
        let place = direction << 16 | UInt128(connection.session.transport.rawValue) << 8 | family
        ports = place << 32 | UInt128(first) << 16 | UInt128(second)
        peer = remote.address.value
    }

    static func < (first: Self, second: Self) -> Bool {
        if first.number != second.number { return first.number < second.number }
        if first.text != second.text { return first.text < second.text }
        if first.ports != second.ports { return first.ports < second.ports }
        return first.peer < second.peer
    }
}
