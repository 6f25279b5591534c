internal import CNftnl
internal import Rulesets

/// The kernel's names of the expressions that refer to sets.
enum SetReference {
    /// A lookup.
    static let lookupName = "lookup"
    /// An insertion or a deletion by a packet.
    static let dynamicSetName = "dynset"
}

/// How the expressions of a batch refer to sets that the same batch adds.
struct SetReferences {
    /// The numbers of the named sets that the batch adds.
    var created: [String: UInt32] = [:]
    /// The numbers of the anonymous sets of the current rule, in the order of its lookups.
    var anonymous: [UInt32] = []
    /// Whether sets are referred to by name only, as in a dump; anonymous sets then have names of their own.
    var isArchive = false

    /// The name of the anonymous set with this number.
    func name(of set: AnonymousSet, number: UInt32?) -> String {
        guard isArchive, let number else { return set.namePattern }
        return set.namePattern.dropLast("%d".count) + "\(number)"
    }

    /// Removes and returns the number of the next anonymous set.
    mutating func nextAnonymous() -> UInt32? { anonymous.isEmpty ? nil : anonymous.removeFirst() }
}

extension AnonymousSet {
    /// The pattern from which the kernel makes an unused name, the same as nft's.
    var namePattern: String { definition.flags.isDisjoint(with: [.map, .object]) ? "__set%d" : "__map%d" }
}

extension Lookup {
    init?(from attributes: Attributes) {
        guard let set = attributes.name(NFTA_LOOKUP_SET), let source = attributes.register(NFTA_LOOKUP_SREG)
        else { return nil }
        let flags = attributes.u32(NFTA_LOOKUP_FLAGS) ?? 0
        self.init(
            .named(set), source: source, destination: attributes.register(NFTA_LOOKUP_DREG),
            isInverted: flags & NFT_LOOKUP_F_INV.rawValue != 0)
    }

    func encode(into attributes: inout AttributeWriter, _ references: inout SetReferences) {
        switch set {
        case .named(let name):
            attributes.name(NFTA_LOOKUP_SET, name)
            if let number = references.created[name] { attributes.u32(NFTA_LOOKUP_SET_ID, number) }
        case .anonymous(let set):
            let number = references.nextAnonymous()
            attributes.name(NFTA_LOOKUP_SET, references.name(of: set, number: number))
            if let number, !references.isArchive { attributes.u32(NFTA_LOOKUP_SET_ID, number) }
        }
        attributes.register(NFTA_LOOKUP_SREG, source)
        if let destination { attributes.register(NFTA_LOOKUP_DREG, destination) }
        attributes.u32(NFTA_LOOKUP_FLAGS, isInverted ? NFT_LOOKUP_F_INV.rawValue : 0)
    }
}

extension DynamicSet {
    init?(from attributes: Attributes) {
        guard let set = attributes.name(NFTA_DYNSET_SET_NAME), let key = attributes.register(NFTA_DYNSET_SREG_KEY),
            let operation = attributes.u32(NFTA_DYNSET_OP).flatMap(Operation.init),
            (attributes.u32(NFTA_DYNSET_FLAGS) ?? 0) & ~NFT_DYNSET_F_EXPR.rawValue == 0,
            let expressions = Self.expressions(of: attributes)
        else { return nil }
        self.init(
            operation, set: set, key: key, timeout: attributes.u64(NFTA_DYNSET_TIMEOUT), expressions: expressions)
    }

    /// The expressions of each element: the kernel has one attribute for a single expression and another for several.
    private static func expressions(of attributes: Attributes) -> [Expression]? {
        // The kernel takes none within another; only a crafted archive could nest them without end.
        guard !hasOwnKind(attributes.nest(NFTA_DYNSET_EXPRESSIONS)?.map(\.payload) ?? []),
            !hasOwnKind(attributes[NFTA_DYNSET_EXPR].map { [$0] } ?? [])
        else { return nil }
        if attributes[NFTA_DYNSET_EXPRESSIONS] != nil { return attributes.expressions(NFTA_DYNSET_EXPRESSIONS) }
        guard let single = attributes[NFTA_DYNSET_EXPR] else { return [] }
        return Attributes.expression(single).map { [$0] }
    }

    private static func hasOwnKind(_ expressions: [ArraySlice<UInt8>]) -> Bool {
        expressions.contains { Attributes($0)?.string(NFTA_EXPR_NAME) == SetReference.dynamicSetName }
    }

    func encode(into attributes: inout AttributeWriter, _ references: inout SetReferences) {
        attributes.name(NFTA_DYNSET_SET_NAME, set)
        if let number = references.created[set] { attributes.u32(NFTA_DYNSET_SET_ID, number) }
        attributes.u32(NFTA_DYNSET_OP, operation.rawValue)
        attributes.register(NFTA_DYNSET_SREG_KEY, key)
        if let timeout { attributes.u64(NFTA_DYNSET_TIMEOUT, timeout) }
        if expressions.count > 1 {
            attributes.u32(NFTA_DYNSET_FLAGS, NFT_DYNSET_F_EXPR.rawValue)
            attributes.expressions(NFTA_DYNSET_EXPRESSIONS, expressions, &references)
        } else if let expression = expressions.first {
            attributes.expression(NFTA_DYNSET_EXPR, expression, &references)
        }
    }
}
