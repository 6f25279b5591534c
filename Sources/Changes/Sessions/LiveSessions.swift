public import Auditing
public import Compiler
public import Kernel
public import Listeners
public import Policies
public import System

/// The live connections of a host, as a policy judges them today.
public struct LiveSessions {
    /// The connections that were asked for, with their owners, in the order that was asked for.
    public let connections: [JudgedConnection]
    /// The number of all connections.
    public let total: Int
    /// The destinations to which few local ports are left.
    public let scarcePorts: [EphemeralPortUse]
    /// What could not be read, in sentences.
    public let doubts: [String]

    /// Reads the connections.
    ///
    /// - Parameters:
    ///   - policy: the policy.
    ///   - compiled: the compiled policy, with grants and bans.
    ///   - store: the connections of the host.
    ///   - query: the connections that are wanted.
    ///   - now: seconds since 1970-01-01T00:00:00Z.
    /// - Throws: an error in reading the sockets.
    public init(
        _ policy: Policy, _ compiled: CompiledPolicy, among store: any SessionStore, _ query: ConnectionQuery,
        now: Int64
    ) throws(KernelError) {
        let list = try store.connections()
        let judged = SessionAudit(policy, compiled.table, routedBy: store, now: now).judge(list.connections)
        total = judged.count
        var found = judged.filter(query.matches)
        let owned = store.owners(of: found.map(\.connection))
        for index in found.indices { found[index].connection = owned[index] }
        connections = query.sorted(found)
        scarcePorts = list.scarcePorts
        let conntrack = list.doubt.map {
            "forwarded and translated connections, sockets that received datagrams, and connections without a socket are not known: \($0)"
        }
        doubts = [conntrack, Self.doubt(aboutOwnersOf: connections)].compactMap { $0 }
    }

    /// The reason why the processes of some connections are not known; `nil` if they are.
    private static func doubt(aboutOwnersOf connections: [JudgedConnection]) -> String? {
        let reasons = connections.compactMap { judged -> String? in
            if case .unknown(let reason) = judged.connection.session.owners { reason } else { nil }
        }
        guard let first = reasons.first else { return nil }
        return "the processes of \(reasons.count) connection\(reasons.count == 1 ? "" : "s") are not known: \(first)"
    }
}
