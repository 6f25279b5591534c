public import Addressing
public import Policies
internal import Printing
public import System

/// The addresses of a DNS name after a look-up.
///
/// New addresses are added; an old one stays for `keep` after it was last seen; where a family was not answered, its old ones
/// stay.
public struct NameRenewal {
    /// An address of an answer that is not used.
    public struct Refusal: Hashable {
        /// The address.
        public let address: IPAddress
        /// The reason, as an apposition.
        public let reason: String
        /// Whether it is one too many, and otherwise good.
        public var isBeyond = false
    }

    /// The name.
    public let source: NamedSource
    /// The addresses, with the notes about them.
    public let entry: NameBook.Entry
    /// The addresses that are not used.
    public let refusals: [Refusal]

    /// The addresses, in ascending order.
    public var addresses: [IPAddress] { entry.seen.keys.sorted() }

    /// Renews a name.
    ///
    /// - Parameters:
    ///   - source: the name, with the addresses that are in force.
    ///   - known: the notes about it.
    ///   - answers: the answers about this name.
    ///   - own: the addresses of this host.
    ///   - since: when addresses without a note count as seen, in seconds since 1970-01-01T00:00:00Z.
    ///   - now: the time.
    public init(
        _ source: NamedSource, known: NameBook.Entry?, answers: [NameAnswer], own: AddressSet, since: Int64, now: Int64
    ) {
        self.source = source
        var refusals: [Refusal] = []
        var (seen, failures) = ([IPAddress: Int64](), [String]())
        let isAnswered = answers.contains { if case .addresses = $0.outcome { true } else { false } }
        for address in source.list { seen[address] = min(known?.seen[address] ?? since, now) }
        let old = Set(seen.keys)
        for answer in answers {
            switch answer.outcome {
            case .addresses(let addresses):
                let reasons = addresses.map { Self.objection(to: $0, own) }
                refusals += zip(addresses, reasons).compactMap { address, reason in
                    reason.map { Refusal(address: address, reason: $0) }
                }
                let usable = zip(addresses, reasons).filter { $0.1 == nil }.map(\.0)
                guard !usable.isEmpty else {
                    failures.append("\(Self.word(answer.family)): no address of the answer can be used")
                    continue
                }
                Self.forget(answer.family, after: source.keep, now, in: &seen)
                for address in usable { seen[address] = now }
            case .absent where isAnswered, .unknownName where isAnswered:
                Self.forget(answer.family, after: source.keep, now, in: &seen)
            case .absent: failures.append("it has no \(Self.word(answer.family)) address")
            case .unknownName: failures.append("it does not exist")
            case .failure(let reason): failures.append("\(Self.word(answer.family)): \(reason)")
            }
        }
        let kept = Self.first(source.atMost, of: seen, old)
        let beyond = seen.keys.filter { kept[$0] == nil }.sorted()
        refusals += beyond.map { Refusal(address: $0, reason: "beyond \"at-most\"", isBeyond: true) }
        var entry = NameBook.Entry()
        entry.seen = kept
        entry.tried = now
        entry.failure = failures.isEmpty ? nil : Self.common(answers) ?? Set(failures).sorted().joined(separator: "; ")
        entry.renewed = failures.isEmpty ? now : known?.renewed
        (self.entry, self.refusals) = (entry, refusals)
    }

    private static func word(_ family: AddressFamily) -> String { family == .ipv4 ? "IPv4" : "IPv6" }

    /// Forgets the addresses of a family that were not seen for too long.
    private static func forget(
        _ family: AddressFamily, after keep: TimeSpan, _ now: Int64, in seen: inout [IPAddress: Int64]
    ) {
        seen = seen.filter { $0.key.family != family || now - $0.value < keep.seconds }
    }

    /// The addresses that stay where there are too many: old ones first, of them those seen last, so that an answer with many
    /// addresses pushes none out.
    private static func first(
        _ most: Int, of seen: [IPAddress: Int64], _ old: Set<IPAddress>
    ) -> [IPAddress: Int64] {
        guard seen.count > most else { return seen }
        let order = seen.sorted { left, right in
            let (isOld, isOther) = (old.contains(left.key), old.contains(right.key))
            if isOld != isOther { return isOld }
            return left.value == right.value ? left.key < right.key : left.value > right.value
        }
        return Dictionary(uniqueKeysWithValues: order.prefix(most).map { ($0.key, $0.value) })
    }

    /// Why an address of an answer is not used; `nil` if it is.
    private static func objection(to address: IPAddress, _ own: AddressSet) -> String? {
        if let kind = unusable.first(where: { $0.addresses.contains(address) }) { return kind.name }
        return own.contains(address) ? "this host's own" : nil
    }

    /// The addresses that no other host can have: RFC 6890 2.2; the multicast addresses with the reserved ones above them.
    private static let unusable: [(name: String, addresses: AddressSet)] = [
        ("loopback", AddressSet(ipv4: [0x7F00_0000...0x7FFF_FFFF], ipv6: [1...1])),
        ("unspecified", AddressSet(ipv4: [0...0x00FF_FFFF], ipv6: [0...0])),
        (
            "link-local",
            AddressSet(ipv4: [0xA9FE_0000...0xA9FE_FFFF], ipv6: [(0xfe80 << 112)...((0xfec0 << 112) - 1)])
        ),
        ("multicast or reserved", AddressSet(ipv4: [0xE000_0000...UInt32.max], ipv6: [(0xff00 << 112)...UInt128.max])),
    ]
}

extension NameRenewal {
    /// The reason why the look-ups of all families failed, if it is the same.
    private static func common(_ answers: [NameAnswer]) -> String? {
        let reasons = answers.map { answer -> String? in
            if case .failure(let reason) = answer.outcome { reason } else { nil }
        }
        return Set(reasons).count == 1 ? reasons.first.flatMap(\.self) : nil
    }

    /// What the look-up of a name brought besides addresses that are used; `nil` for nothing.
    public var trouble: ListRefusal? {
        var parts: [String] = []
        if let failure = entry.failure {
            let rest =
                addresses.isEmpty
                ? "no address is known" : "its \(addresses.count == 1 ? "address stays" : "addresses stay")"
            parts.append("cannot be renewed: \(failure): \(rest)")
        }
        // In one order, and without the addresses of a pool that turns: the same trouble is told once.
        let useless = refusals.filter { !$0.isBeyond }.sorted { $0.address < $1.address }
        if !useless.isEmpty {
            let named = useless.map { "\($0.address) (\($0.reason))" }.listed(atMost: Self.named)
            parts.append("has addresses that are not used: \(named)")
        }
        if refusals.contains(where: \.isBeyond) {
            parts.append("has more addresses than \"at-most: \(source.atMost)\" allows: the others are not used")
        }
        guard !parts.isEmpty else { return nil }
        return ListRefusal(
            path: source.path, location: source.location, group: source.groups.first ?? "",
            reason: "name \"\(source.name)\" \(parts.joined(separator: "; it "))")
    }

    /// At most this many addresses are named.
    private static let named = 3
}
