internal import Addressing
internal import Rulesets

/// The marks that packets which arrive, and their connections, may have by the rules of tables.
///
/// A packet arrives without marks, unless a filter of tc or a BPF program has set one.
struct PossibleMarks {
    /// The values by owner; `nil` where a rule sets one that is not known.
    private var values: [MarkOwner: Set<UInt32>?] = [.packet: [0], .connection: [0]]

    /// More values than these count as any.
    private static let most = 256
    /// The hooks that no packet to this host passes.
    private static let otherHooks: Set<Hook> = [.forward, .output, .postrouting]
    /// The targets of iptables that set marks, where they are not understood.
    private static let targets: Set<String> = ["MARK", "CONNMARK", "TPROXY", "SET"]

    /// The marks by the rules that packets may meet before they reach a program.
    ///
    /// - Parameters:
    ///   - tables: tables with native expressions.
    ///   - reached: the destinations of packets that reach a program; `nil` if they are not known.
    init(_ tables: [Table], reaching reached: AddressSet?) {
        // A translation may lead here from any destination.
        let translates = tables.contains { $0.chains.contains { $0.rules.contains(where: \.changesDestination) } }
        let rules = tables.flatMap { table in
            table.chains.filter { $0.base.map { !Self.otherHooks.contains($0.hook) } ?? false }.flatMap { base in
                table.chains(from: base).flatMap(\.rules).map { (table, $0) }
            }
        }.filter { table, rule in
            guard !translates, let reached, let destinations = rule.destinations(in: table) else { return true }
            return !destinations.intersection(reached).isEmpty
        }
        // A rule that sets a mark may need another one.
        var isLarger = true
        while isLarger {
            isLarger = rules.reduce(false) { $1.1.expressions.isEmpty ? $0 : apply($1.1, $1.0) || $0 }
        }
    }

    /// Whether a rule tests a mark, and no packet has one that matches.
    func excludes(_ rule: Rule, of table: Table) -> Bool { assigned(by: rule, table) == nil }

    /// Adds the marks that a rule sets; whether there are more than before.
    private mutating func apply(_ rule: Rule, _ table: Table) -> Bool {
        var isLarger = false
        for (owner, added) in assigned(by: rule, table) ?? [] {
            guard let known = values[owner] ?? nil else { continue }
            let all = added.map(known.union)
            values[owner] = .some(all.flatMap { $0.count > Self.most ? nil : $0 })
            isLarger = isLarger || all != known
        }
        return isLarger
    }

    /// The values that a rule sets, `nil` for any; `nil` in all if it tests a mark that no packet has.
    private func assigned(by rule: Rule, _ table: Table) -> [(MarkOwner, Set<UInt32>?)]? {
        var registers: [Register: Set<UInt32>] = [:]
        var found: [(MarkOwner, Set<UInt32>?)] = []
        for expression in rule.expressions {
            if let load = expression.loadedMark {
                registers[load.destination] = values[load.owner] ?? nil
                continue
            }
            if let assignment = expression.assignedMark {
                found.append((assignment.owner, registers[assignment.source]))
                continue
            }
            switch expression {
            case .immediate(let load) where load.value.count == 4:
                registers[load.destination] = [UInt32(hostOrderBytes: load.value)]
            case .bitwise(let operation):
                registers[operation.destination] = registers[operation.source]?.masked(operation)
            case .compare(let comparison):
                guard let held = registers[comparison.source], let left = held.matching(comparison) else { continue }
                if left.isEmpty { return nil }
                registers[comparison.source] = left
            case .lookup(let lookup):
                guard let held = registers[lookup.source], let left = held.matching(lookup, table) else {
                    registers = [:]
                    continue
                }
                if left.isEmpty { return nil }
            case .xtables(let part) where part.kind == .target && Self.targets.contains(part.name):
                found += [(.packet, nil), (.connection, nil)]
            // A rule that nf_tables does not show may set any.
            case .opaque("iptables-legacy", _), .opaque("unreadable", _):
                found += [(.packet, nil), (.connection, nil)]
            case .verdict, .counter, .log, .limit: continue
            // Another load may replace the value of a register.
            default: registers = [:]
            }
        }
        return found
    }
}

extension Rule {
    /// Whether it may send packets for other hosts to a program of this one.
    fileprivate var changesDestination: Bool {
        translationEffect == .destination
            || expressions.contains { expression in
                switch expression {
                case .opaque(let name, _): ["tproxy", "fwd", "iptables-legacy", "unreadable"].contains(name)
                case .xtables(let part): part.kind == .target && Rule.ordinaryTargets.contains(part.name) == false
                default: false
                }
            }
    }

    /// Targets of iptables that leave the destination alone.
    private static let ordinaryTargets: Set<String> = ["MARK", "CONNMARK", "LOG", "REJECT", "SET"]
}

extension Set<UInt32> {
    /// The values after a mask; `nil` for one of another width.
    fileprivate func masked(_ operation: BitwiseMask) -> Self? {
        guard operation.mask.count == 4, operation.xor.count == 4 else { return nil }
        let (mask, flips) = (UInt32(hostOrderBytes: operation.mask), UInt32(hostOrderBytes: operation.xor))
        return Set(map { $0 & mask ^ flips })
    }

    /// The values that a comparison lets pass; `nil` if they are not known.
    fileprivate func matching(_ comparison: Comparison) -> Self? {
        guard comparison.value.count == 4 else { return nil }
        let value = UInt32(hostOrderBytes: comparison.value)
        switch comparison.operator {
        case .equal: return filter { $0 == value }
        case .notEqual: return filter { $0 != value }
        default: return nil
        }
    }

    /// The values that a look-up of a mark alone lets pass; `nil` if they are not known.
    fileprivate func matching(_ lookup: Lookup, _ table: Table) -> Self? {
        let definition: SetDefinition?
        let elements: SetElements?
        switch lookup.set {
        case .anonymous(let set): (definition, elements) = (set.definition, set.elements)
        case .named(let name): (definition, elements) = (table.set(name)?.definition, table.set(name)?.elements)
        }
        guard let definition, definition.keyLength == 4, !definition.flags.contains(.dynamic),
            !definition.flags.contains(.interval), case .list(let list)? = elements,
            list.allSatisfy({ $0.key.count == 4 })
        else { return nil }
        let keys = Set(list.map { UInt32(hostOrderBytes: $0.key) })
        return lookup.isInverted ? subtracting(keys) : intersection(keys)
    }
}
