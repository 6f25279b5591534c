public import Addressing
internal import Compiler
public import Listeners
public import Policies
public import Reachability
public import Rulesets

/// The combined access through all tables.
public struct LiveRuleset {
    private enum Reading {
        /// The policy blocks every undeclared port.
        case closed
        /// The access is computed from the tables.
        ///
        /// The other regions, of the tables without `trusted`, are the same if there is none.
        case regions(AccessRegions, untrusted: AccessRegions)
        /// The tables may not be read.
        case denied(String)
    }

    private let reading: Reading
    /// The ports that other tables publish.
    public let redirections: [Redirection]
    /// The access that the policy gives; `nil` if it is not compared.
    private var declared: AccessRegions?
    /// The time, in seconds since 1970-01-01T00:00:00Z.
    let now: Int64

    /// The rulesets of this host.
    ///
    /// If portreeve's table is the only one and equals the policy, nothing is evaluated: it drops connections to
    /// undeclared ports.
    ///
    /// - Parameters:
    ///   - own: portreeve's table.
    ///   - others: the tables of other programs.
    ///   - drift: the differences of portreeve's table from the compiled policy.
    ///   - circumstances: the circumstances in which packets meet the tables.
    ///   - now: seconds since 1970-01-01T00:00:00Z.
    public init(own: Table?, others: [Table], drift: [Finding], in circumstances: Circumstances, now: Int64) {
        let isInSync = own != nil && !drift.contains { $0.severity == .error }
        let hasTrusted = own?.hasTrusted == true
        if isInSync && others.isEmpty && !hasTrusted {
            (reading, redirections) = (.closed, [])
        } else {
            let regions = AccessRegions((own.map { [$0] } ?? []) + others, in: circumstances)
            let untrusted =
                hasTrusted ? own.map { AccessRegions([$0.withoutTrusted] + others, in: circumstances) } : nil
            reading = .regions(regions, untrusted: untrusted ?? regions)
            redirections = regions.publishedPorts
        }
        self.now = now
    }

    /// The rulesets of this host, and the table of the policy with which the access is compared.
    public init(own: Table?, others: [Table], declared: Table, in circumstances: Circumstances, now: Int64) {
        let plain = (own.map { [$0.hasTrusted ? $0.withoutTrusted : $0] } ?? []) + others
        let difference = AccessDifference(
            from: [declared.hasTrusted ? declared.withoutTrusted : declared], to: plain, in: circumstances)
        let hasTrusted = own?.hasTrusted == true
        let regions =
            hasTrusted
            ? AccessRegions((own.map { [$0] } ?? []) + others, in: circumstances) : difference.after
        reading = .regions(regions, untrusted: difference.after)
        redirections = regions.publishedPorts
        self.declared = difference.before
        self.now = now
    }

    /// Rulesets that may not be read, and the reason.
    public init(unreadable reason: String, now: Int64) {
        (reading, redirections) = (.denied(reason), [])
        self.now = now
    }

    /// The findings about listeners and ports that other tables publish.
    public func audit(of sockets: HostSockets, _ policy: Policy) -> [Finding] {
        var published = PublishedPorts(hasLegacyTable: sockets.hasLegacyTable)
        if case .regions(let regions, _) = reading {
            published.redirections = regions.redirections.filter(\.isPublished)
            published.unread = regions.unread
        }
        let audit = ListenerAudit(
            policy: policy, listeners: sockets.listeners, raw: sockets.raw, ephemeral: sockets.ephemeral,
            published: published, executables: sockets.executables,
            containers: sockets.containers, now: now, exposure: exposure)
        guard case .denied(let reason) = reading else { return audit.findings }
        let message = "cannot tell which ports are reachable or published by other tables: \(reason)"
        return audit.findings + [Finding(.unknown, .warning, message)]
    }

    /// The clients that can connect to ports, by interfaces, without the clients of `trusted`.
    func access(
        _ transport: TransportProtocol, _ ports: ClosedRange<UInt16>, _ families: Set<AddressFamily>,
        at addresses: [IPAddress] = []
    ) -> [PortAccess] {
        guard case .regions(_, let untrusted) = reading else { return [] }
        return untrusted.access(transport, ports, families, at: addresses)
    }

    /// Whether the same clients can connect to ports as the policy says.
    func isAsDeclared(
        _ transport: TransportProtocol, _ ports: ClosedRange<UInt16>, at addresses: [IPAddress] = []
    ) -> Bool {
        guard case .regions(_, let untrusted) = reading, let declared else { return false }
        return untrusted.hasSameAccess(as: declared, transport, ports, at: addresses)
    }

    /// The clients that can connect to every port by one of these interfaces, as a policy writes them.
    func openOnEveryPort(on interfaces: [String]) -> AddressSet {
        guard case .regions(let regions, _) = reading else { return AddressSet() }
        return regions.openOnEveryPort(
            on: interfaces.map { name in
                let isPrefix = name.hasSuffix("*")
                return InterfacePattern(name: isPrefix ? String(name.dropLast()) : name, isPrefix: isPrefix)
            })
    }

    /// The exposure of ports at any of these addresses of the host; at any of all if there are none.
    public func exposure(
        _ transport: TransportProtocol, _ ports: ClosedRange<UInt16>, _ family: AddressFamily,
        at addresses: [IPAddress] = []
    ) -> ListenerAudit.Exposure {
        switch reading {
        case .closed: return .shielded
        case .denied: return .unknown
        case .regions(let regions, let untrusted):
            let exposure = regions.exposure(transport, ports, family, at: addresses)
            let others = untrusted.exposure(transport, ports, family, at: addresses)
            if others.isOpen { return .reachable }
            if others.isUnknown { return .unknown }
            return exposure.isOpen ? .trusted : exposure.isUnknown ? .unknown : .shielded
        }
    }
}

extension AccessRegions {
    /// The ports that tables publish, without those of whole addresses.
    fileprivate var publishedPorts: [Redirection] {
        PublishedPorts(redirections: redirections.filter(\.isPublished)).ofPorts
    }
}
