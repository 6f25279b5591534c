internal import Addressing

/// Warns of policies that are valid but probably not as intended.
struct PolicyLint {
    /// A policy without errors.
    let policy: Policy
    /// The current time in seconds since 1970-01-01T00:00:00Z; `nil` to skip checks of expiry.
    let now: Int64?
    /// The interfaces of this host; empty to skip checks of their names.
    let interfaces: [InterfaceName]
    /// The log for warnings.
    let log: DiagnosticLog

    /// Checks the policy and each of its services.
    ///
    /// - Parameters:
    ///   - services: the services, each with its entry.
    ///   - root: the top-level mapping of the main file.
    ///   - denied: the place of each entry of `deny` in all files.
    func run(_ services: [PlacedService], root: KeyedNode, denied: [SourceSpan]) {
        if services.isEmpty, root["services"] == nil, let place = root.place(of: "version") {
            log.warning("no services: every port is closed; write \"services: {}\" if that is intended", at: place)
        }
        let redundancy = SourceRedundancy(policy)
        if let deny = policy.deny {
            for entry in redundancy.entries(of: deny, at: denied) {
                warn(of: entry, in: "deny", "", at: denied[entry.index])
            }
        }
        for trusted in policy.trusted where root["trusted"] != nil { check(trusted, in: root) }
        for placed in services {
            let node = placed.entry.value
            var name: String { placed.service.title }
            if placed.service.why == nil, placed.service.entries.contains(where: { $0.why == nil }) {
                log.warning("\(name) has no \"why\"", at: placed.entry.place)
            }
            checkReason(placed)
            checkDestinations(placed)
            checkClients(placed)
            checkTrusted(placed)
            checkForwarding(placed)
            check(placed.service.reviewed, at: node.value(of: "reviewed"))
            guard let place = (node.value(of: "from") ?? node.value(of: "allow"))?.place else { continue }
            checkSources(placed.service, place)
            checkEntries(placed, redundancy)
        }
    }

    /// Whether `deny` covers all sources of the service, which has a warning of its own.
    func isUnreachable(_ service: Service) -> Bool {
        service.names.isEmpty && policy.deny?.addresses.isSuperset(of: service.addresses) == true
    }

    func warn(of entry: SourceRedundancy.Entry, in key: String, _ owner: String, at place: SourceSpan) {
        log.warning("\(Printable.quoted(entry.text)) in \"\(key)\"\(owner) adds nothing: \(entry.cover)", at: place)
    }

    private func checkSources(_ service: Service, _ place: SourceSpan) {
        var name: String { service.title }
        let sources = service.addresses
        // The addresses of DNS names change.
        if service.entries.allSatisfy(\.isForNobody) || service.entries.contains(where: { !$0.sources.names.isEmpty }) {
            return
        }
        let families = policy.defaults.families
        if sources.isEmpty {
            // The reader has said so where `families` leaves nothing.
            if families.count == 1, service.entries.contains(where: { $0.sources.addresses.isEmpty }) { return }
            let isExempt = service.entries.contains { !$0.sources.addresses.isEmpty }
            let reason = isExempt ? "\"except\" covers all its sources" : "its sources are empty"
            log.warning("\(name) can never be reached: \(reason)", at: place)
        } else if let deny = policy.deny, deny.addresses.isSuperset(of: sources) {
            log.warning("\(name) can never be reached: \"deny\" covers all its sources", at: place)
        } else if families.count == 1 {
            return
        } else if sources.ipv6.isEmpty, !service.isOfIPv4Alone {
            // 0.0.0.0/0 is often taken for everyone, ::/0 is not.
            log.warning("\(name) is closed on IPv6: all its \(service.ends(without: .ipv6)) are IPv4", at: place)
        } else if sources.ipv4.isEmpty, sources.ipv6.ranges != [0...UInt128.max], !service.isOfIPv6Alone {
            log.warning("\(name) is closed on IPv4: all its \(service.ends(without: .ipv4)) are IPv6", at: place)
        }
    }
}

extension Service {
    /// The ends of its connections among which none is of the family.
    fileprivate func ends(without family: AddressFamily) -> String {
        forwarding.map { !$0.families.contains(family) } == true ? "targets" : "sources"
    }

    /// Whether IPv6 packets cannot be meant for it: its protocols have none, or its addresses are IPv4 addresses.
    fileprivate var isOfIPv4Alone: Bool {
        destinations?.addresses.ipv6.isEmpty == true || ports.allSatisfy { $0.onlyFamily == .ipv4 }
    }

    /// Whether IPv4 packets cannot be meant for it.
    fileprivate var isOfIPv6Alone: Bool {
        destinations?.addresses.ipv4.isEmpty == true || ports.allSatisfy { $0.onlyFamily == .ipv6 }
    }
}
