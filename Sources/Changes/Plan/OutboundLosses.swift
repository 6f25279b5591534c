internal import Addressing
public import Auditing
public import Kernel
internal import Listeners
internal import Policies
public import System

/// What stops working on this host when a planned change begins to refuse outgoing connections.
public struct OutboundLosses {
    /// The live connections that could not be made again, by process and destination.
    public private(set) var sessions: [Finding] = []
    /// The servers that the host's configuration names, and that no line lets out.
    public private(set) var needs: [Finding] = []

    /// The losses by a plan; none unless its policy rejects.
    ///
    /// - Parameters:
    ///   - plan: the plan.
    ///   - store: the connections of the host.
    ///   - needed: the servers that its configuration names.
    ///   - now: seconds since 1970-01-01T00:00:00Z.
    public init(by plan: PlannedChange, among store: any SessionStore, _ needed: () -> OutboundNeeds, now: Int64) {
        guard plan.policy.defaults.outbound == .reject, !plan.isEmpty else { return }
        let lines = OutboundLines(plan.policy, now: now)
        needs = Self.missing(needed(), lines)
        let audit = OutboundAudit(plan.policy, now: now) { store.interface(to: $0) }
        do throws(KernelError) {
            let refused = audit.refused(try store.connections().connections)
            let owned = refused.isEmpty ? [] : store.owners(of: refused)
            sessions = Self.named(owned, audit)
        } catch {
            sessions = [
                Finding(
                    .unknown, .warning, "cannot tell which connections of this host could not be made again: \(error)")
            ]
        }
    }

    /// All losses.
    public var findings: [Finding] { needs + sessions }

    /// One finding for each process and destination.
    private static func named(_ connections: [LiveConnection], _ audit: OutboundAudit) -> [Finding] {
        var seen: Set<String> = []
        return connections.compactMap { connection in
            let (call, process) = (audit.call(connection), connection.processes.first)
            let who =
                process.map { "\($0.name) (pid \($0.pid)\($0.user.map { ", user \($0)" } ?? ""))" } ?? "this host"
            let message =
                "\(who) could not connect to \(call.place) again: no line of \"outbound\" lets it out; "
                + "add \(call.suggestion(user: process?.user))"
            guard seen.insert(message).inserted else { return nil }
            var finding = Finding(
                .unreachableDestination, .error, message,
                port: AuditedPort(call.transport, call.port...call.port, at: call.destination), process: process)
            finding.details.isOutbound = true
            return finding
        }
    }

    private static func missing(_ needed: OutboundNeeds, _ lines: OutboundLines) -> [Finding] {
        func isMissing(_ server: OutboundNeeds.Server) -> Bool {
            !lines.mayLetOut(server.transport, server.port, to: server.address)
        }
        let uses = [
            (needed.resolvers, "names are looked up there"), (needed.timeServers, "it sets the clock"),
            (needed.mirrors, "apt downloads packages from it"),
        ]
        let servers = uses.flatMap { servers, use in
            servers.filter(isMissing).map { server -> Finding in
                let place = server.transport.text(server.port...server.port)
                return loss("no line of \"outbound\" lets out \(place) to \(server.name) (in \(server.file)): \(use)")
            }
        }
        return servers + accounts(needed.accountSources, lines)
    }

    /// The ports by which accounts are asked for: LDAP, LDAP over TLS, Kerberos.
    private static let accountPorts: [UInt16] = [389, 636, 88]

    private static func accounts(_ sources: [String], _ lines: OutboundLines) -> [Finding] {
        guard !sources.isEmpty, !accountPorts.contains(where: { lines.mayLetOut(.tcp, $0, to: nil) }) else { return [] }
        let names = sources.map { "\"\($0)\"" }.joined(separator: ", ")
        return [
            loss(
                "nsswitch.conf asks \(names) for accounts, and no line of \"outbound\" lets out tcp/389, tcp/636 or tcp/88: "
                    + "sudo, PAM and sshd may no longer find their users")
        ]
    }

    private static func loss(_ message: String) -> Finding {
        var finding = Finding(.unreachableDestination, .warning, message)
        finding.details.isOutbound = true
        return finding
    }
}
