internal import Addressing
internal import Rulesets

extension Table {
    /// The names of the sets that rules change for clients that keep all limits: a rule that adds a client over a limit, or
    /// one that is in the set already, changes nothing for them.
    var changingSets: Set<String> {
        guard sets.contains(where: { $0.definition.flags.contains(.dynamic) }) else { return [] }
        return Set(chains.flatMap { $0.rules.flatMap(\.changedSets) })
    }

    /// The table with each reference to a named limit replaced by the limit, and each map of objects by a look-up in it,
    /// after which the object decides.
    var withNamedObjects: Table {
        guard chains.contains(where: { $0.rules.contains { $0.expressions.contains(where: \.isObjectReference) } })
        else {
            return self
        }
        let limits = Dictionary(
            objects.compactMap { object in object.limit.map { (object.name, $0) } },
            uniquingKeysWith: { first, _ in first })
        let types = Dictionary(
            sets.map { ($0.name, $0.definition.objectType) }, uniquingKeysWith: { first, _ in first }
        ).compactMapValues(\.self)
        let chains = chains.map { chain in
            var chain = chain
            chain.rules = chain.rules.map { rule in
                var rule = rule
                rule.expressions = rule.expressions.flatMap { $0.resolved(limits, types) }
                return rule
            }
            return chain
        }
        return Table(
            name: name, flags: flags, userdata: userdata, chains: chains, sets: sets.map(\.withoutObjects),
            objects: objects)
    }
}

extension Rule {
    /// The sets that the rule changes for clients that keep all limits.
    fileprivate var changedSets: [String] {
        var known: Set<String> = []
        var changed: [String] = []
        for expression in expressions {
            switch expression {
            case .limit(let limit) where limit.isOver: return changed
            case .connectionCount(let count) where count.isOver: return changed
            case .lookup(let lookup) where !lookup.isInverted:
                if case .named(let name) = lookup.set { known.insert(name) }
            case .dynamicSet(let update):
                if !known.contains(update.set) || update.operation == .delete { changed.append(update.set) }
                if update.expressions.contains(where: \.isOverLimit) { return changed }
            default: break
            }
        }
        return changed
    }
}

extension Expression {
    fileprivate var isOverLimit: Bool {
        switch self {
        case .limit(let limit): limit.isOver
        case .connectionCount(let count): count.isOver
        default: false
        }
    }

    fileprivate var isObjectReference: Bool { if case .opaque("objref", _) = self { true } else { false } }

    /// The native expressions of a reference to an object, `NFTA_OBJREF_…` of `linux/netfilter/nf_tables.h`, with the limits by name,
    /// and the types of objects in maps by the name of the map; of other expressions, themselves.
    fileprivate func resolved(_ limits: [String: RateLimit], _ types: [String: UInt32]) -> [Expression] {
        guard case .opaque("objref", let attributes) = self else { return [self] }
        let (type, name, source, map): (UInt16, UInt16, UInt16, UInt16) = (1, 2, 3, 4)
        if attributes.number(type) == OpaqueObject.limitType, let limit = attributes.name(name).flatMap({ limits[$0] })
        {
            return [.limit(limit)]
        }
        // The rule ends unless the map has the key (`nft_objref_map_eval`).
        guard let map = attributes.name(map), let register = attributes.number(source) else { return [self] }
        let length: UInt16 = 8
        let attribute = types[map].map { length.hostOrderBytes + type.hostOrderBytes + $0.bigEndianBytes } ?? []
        return [
            .lookup(Lookup(.named(map), source: Register(rawValue: register))),
            .opaque(name: "objref", attributes: attribute),
        ]
    }
}

extension OpaqueObject {
    /// `NFT_OBJECT_LIMIT` of `linux/netfilter/nf_tables.h`.
    fileprivate static let limitType: UInt32 = 4

    /// The limit that the object is: `NFTA_OBJ_DATA` with `NFTA_LIMIT_…`; `nil` for any other object.
    fileprivate var limit: RateLimit? {
        let (data, rate, unit): (UInt16, UInt16, UInt16) = (4, 1, 2)
        let (burst, type, flags): (UInt16, UInt16, UInt16) = (3, 4, 5)
        guard kind == .statefulObject, self.type == Self.limitType,
            let inner = attributes.attribute(data).map({ Array($0) }),
            let rate = inner.attribute(rate), let unit = inner.attribute(unit)
        else { return nil }
        let isOver = (inner.number(flags) ?? 0) & 1 != 0  // NFT_LIMIT_F_INV
        return RateLimit(
            rate: UInt64(bigEndianBytes: rate), unit: UInt64(bigEndianBytes: unit), burst: inner.number(burst) ?? 0,
            countsBytes: inner.number(type) == 1, isOver: isOver)  // NFT_LIMIT_PKT_BYTES
    }
}

extension NamedSet {
    /// A map of objects as a set of its keys.
    fileprivate var withoutObjects: NamedSet {
        guard definition.flags.contains(.object), case .list(let elements) = elements else { return self }
        var set = self
        set.definition.flags.subtract([.object, .map])
        set.elements = .list(
            elements.map { element in
                var key = element
                // NFTA_SET_ELEM_OBJREF of `linux/netfilter/nf_tables.h`.
                if element.unrecognized.attribute(9) != nil { key.unrecognized = [] }
                return key
            })
        return set
    }
}

extension [UInt8] {
    /// The name in an attribute, without the NUL at its end.
    fileprivate func name(_ type: UInt16) -> String? {
        attribute(type).map { KernelName.text(of: $0.prefix { $0 != 0 }) }
    }
}
