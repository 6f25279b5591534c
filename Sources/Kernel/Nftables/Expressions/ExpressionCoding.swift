internal import CNftnl
internal import Rulesets

/// An expression that can be encoded to the kernel's attributes and decoded from them.
protocol ExpressionCoding {
    /// The kernel's name of the expression.
    static var kernelName: String { get }
    /// Encodes its attributes.
    func encode(into attributes: inout AttributeWriter)
    /// Decodes its attributes; `nil` if one is missing or has a value that this type cannot represent.
    init?(from attributes: Attributes)
}

extension Expression {
    /// Decodes an expression; `opaque` unless encoding it again gives the kernel the same.
    init(name: String, attributes: ArraySlice<UInt8>) {
        guard let received = Attributes(attributes) else {
            self = .opaque(name: name, attributes: Array(attributes))
            return
        }
        let policy = received.withoutState(of: name)
        guard let decoded = Expression.decode(name: name, policy), decoded.isFaithful(to: policy) else {
            self = .opaque(name: name, attributes: policy.bytes)
            return
        }
        self = decoded
    }

    private static func decode(name: String, _ attributes: Attributes) -> Expression? {
        switch name {
        case MetaLoad.kernelName: MetaLoad(from: attributes).map { .meta($0.key, into: $0.destination) }
        case Payload.kernelName: Payload(from: attributes).map(Expression.payload)
        case ConntrackLoad.kernelName:
            ConntrackLoad(from: attributes).map(Expression.conntrack)
                ?? ConntrackAssignment(from: attributes).map(Expression.setConntrack)
        case Comparison.kernelName: Comparison(from: attributes).map(Expression.compare)
        case RangeComparison.kernelName: RangeComparison(from: attributes).map(Expression.range)
        case BitwiseMask.kernelName: BitwiseMask(from: attributes).map(Expression.bitwise)
        case ByteOrderConversion.kernelName: ByteOrderConversion(from: attributes).map(Expression.byteOrder)
        case SetReference.lookupName: Lookup(from: attributes).map(Expression.lookup)
        case SetReference.dynamicSetName: DynamicSet(from: attributes).map(Expression.dynamicSet)
        case ImmediateLoad.kernelName: ImmediateLoad(from: attributes)?.expression
        case CounterState.kernelName: .counter
        case RateLimit.kernelName: RateLimit(from: attributes).map(Expression.limit)
        case ConnectionCount.kernelName: ConnectionCount(from: attributes).map(Expression.connectionCount)
        case LogStatement.kernelName: LogStatement(from: attributes).map(Expression.log)
        case Reject.kernelName: Reject(from: attributes).map(Expression.reject)
        case AddressTranslation.kernelName: AddressTranslation(from: attributes).map(Expression.translate)
        case PortRedirection.kernelName: PortRedirection(from: attributes).map(Expression.redirect)
        case RouteLookup.kernelName: RouteLookup(from: attributes).map(Expression.route)
        case NumberGenerator.generatorName: NumberGenerator(fromGenerator: attributes).map(Expression.number)
        case NumberGenerator.hashName: NumberGenerator(fromHash: attributes).map(Expression.number)
        default: XtablesExtension(name: name, from: attributes).map(Expression.xtables)
        }
    }

    /// Whether encoding the expression gives the received attributes.
    private func isFaithful(to received: Attributes) -> Bool {
        var writer = AttributeWriter()
        var references = SetReferences()
        encodeAttributes(into: &writer, &references)
        guard let encoded = Attributes(writer.written) else { return false }
        let decoded: AttributeTypes
        switch self {
        case .dynamicSet: decoded = [NFTA_DYNSET_EXPR, NFTA_DYNSET_EXPRESSIONS, NFTA_DYNSET_FLAGS]
        // The kernel adds what follows from the other attributes: the ends of ranges and the flags of registers.
        case .translate: decoded = [NFTA_NAT_REG_ADDR_MAX, NFTA_NAT_REG_PROTO_MAX, NFTA_NAT_FLAGS]
        default: return received.isEquivalent(to: encoded)
        }
        return received.without(decoded).isEquivalent(to: encoded.without(decoded))
    }

    /// The kernel's name of the expression.
    var kernelName: String {
        switch self {
        case .meta: MetaLoad.kernelName
        case .payload: Payload.kernelName
        case .conntrack: ConntrackLoad.kernelName
        case .setConntrack: ConntrackAssignment.kernelName
        case .compare: Comparison.kernelName
        case .range: RangeComparison.kernelName
        case .bitwise: BitwiseMask.kernelName
        case .byteOrder: ByteOrderConversion.kernelName
        case .lookup: SetReference.lookupName
        case .dynamicSet: SetReference.dynamicSetName
        case .immediate, .verdict: ImmediateLoad.kernelName
        case .counter: CounterState.kernelName
        case .limit: RateLimit.kernelName
        case .connectionCount: ConnectionCount.kernelName
        case .log: LogStatement.kernelName
        case .reject: Reject.kernelName
        case .translate: AddressTranslation.kernelName
        case .redirect: PortRedirection.kernelName
        case .route: RouteLookup.kernelName
        case .number(let generator): generator.kernelName
        case .xtables(let part): part.kernelName
        case .opaque(let name, _): name
        }
    }

    /// Encodes the expression's data, `NFTA_EXPR_DATA`.
    func encodeAttributes(into writer: inout AttributeWriter, _ references: inout SetReferences) {
        switch self {
        case .meta(let key, let destination): MetaLoad(key: key, destination: destination).encode(into: &writer)
        case .payload(let payload): payload.encode(into: &writer)
        case .conntrack(let load): load.encode(into: &writer)
        case .setConntrack(let assignment): assignment.encode(into: &writer)
        case .compare(let comparison): comparison.encode(into: &writer)
        case .range(let comparison): comparison.encode(into: &writer)
        case .bitwise(let mask): mask.encode(into: &writer)
        case .byteOrder(let conversion): conversion.encode(into: &writer)
        case .lookup(let lookup): lookup.encode(into: &writer, &references)
        case .dynamicSet(let update): update.encode(into: &writer, &references)
        case .immediate(let load): ImmediateLoad.value(load).encode(into: &writer)
        case .verdict(let verdict): ImmediateLoad.verdict(verdict).encode(into: &writer)
        case .counter: break
        case .limit(let limit): limit.encode(into: &writer)
        case .connectionCount(let count): count.encode(into: &writer)
        case .log(let statement): statement.encode(into: &writer)
        case .reject(let reject): reject.encode(into: &writer)
        case .translate(let translation): translation.encode(into: &writer)
        case .redirect(let redirection): redirection.encode(into: &writer)
        case .route(let question): question.encode(into: &writer)
        case .number(let generator): generator.encode(into: &writer)
        case .xtables(let part): part.encode(into: &writer)
        case .opaque(_, let attributes): writer.append(raw: attributes)
        }
    }
}

extension AttributeWriter {
    /// Encodes an expression: its name and its data.
    mutating func expression(
        _ type: some RawRepresentable<UInt32>, _ expression: Expression, _ references: inout SetReferences
    ) {
        nest(type) { writer in
            writer.string(NFTA_EXPR_NAME, expression.kernelName)
            writer.nest(NFTA_EXPR_DATA) { expression.encodeAttributes(into: &$0, &references) }
        }
    }

    /// Encodes a list of expressions.
    mutating func expressions(
        _ type: some RawRepresentable<UInt32>, _ expressions: [Expression], _ references: inout SetReferences
    ) {
        nest(type) { writer in
            for expression in expressions { writer.expression(NFTA_LIST_ELEM, expression, &references) }
        }
    }

    /// Encodes a register's number.
    mutating func register(_ type: some RawRepresentable<UInt32>, _ register: Register) {
        u32(type, register.rawValue)
    }
}

extension Attributes {
    /// A register's number.
    func register(_ type: some RawRepresentable<UInt32>) -> Register? { u32(type).map(Register.init) }

    /// An expression, from the payload of `NFTA_LIST_ELEM`; `nil` if it has no name.
    static func expression(_ payload: ArraySlice<UInt8>) -> Expression? {
        guard let attributes = Attributes(payload), let name = attributes.string(NFTA_EXPR_NAME) else { return nil }
        return Expression(name: name, attributes: attributes[NFTA_EXPR_DATA] ?? [])
    }

    /// A list of expressions; `nil` if one has no name.
    func expressions(_ type: some RawRepresentable<UInt32>) -> [Expression]? { nest(type)?.expressions }

    /// The attributes as a list of expressions; `nil` if one has no name.
    var expressions: [Expression]? {
        var expressions: [Expression] = []
        for element in self {
            guard let expression = Self.expression(element.payload) else { return nil }
            expressions.append(expression)
        }
        return expressions
    }
}
