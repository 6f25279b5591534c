/// Translates the bytecode of a rule to nft's notation.
///
/// As nft does, it omits a match on a protocol that a later match implies: `meta nfproto ipv4` before `ip saddr`.
struct RuleText {
    /// The statements so far; `nil` in place of a statement that a later match implies.
    var words: [String?] = []
    /// The loaded fields that were not compared or looked up yet.
    private var loaded: [LoadedField] = []
    private var family: (value: TableFamily, index: Int?)?
    private var transport: (value: UInt8, index: Int?)?
    /// The lower end of a range whose upper end is in the next expression.
    private var lowerEnd: [UInt8]?
    /// The loaded constants, which a later translation uses.
    var constants: [Register: [UInt8]] = [:]
    /// The look-ups in maps, by the first register of the values: `tcp dport map @targets`.
    var mapped: [Register: String] = [:]

    /// The notes on the rule.
    private var notes: ListingNotes?

    /// `rule` in nft's notation; expressions that are not modelled are in brackets, which nft cannot load.
    static func text(of rule: Rule, in family: TableFamily? = nil) -> String {
        var text = RuleText()
        if let family, family != .inet { text.family = (family, nil) }
        text.notes = rule.notes
        for (index, expression) in rule.expressions.enumerated() {
            text.append(expression, next: rule.expressions.dropFirst(index + 1).first)
        }
        if let comment = rule.comment { text.words.append("comment \(quoted(comment))") }
        return text.words.compactMap { $0 }.joined(separator: " ")
    }

    /// An expression of a set or an element in nft's notation.
    static func text(of expression: Expression, _ notes: ListingNotes?) -> String {
        var rule = Rule([expression])
        rule.notes = notes
        return text(of: rule)
    }

    private mutating func append(_ expression: Expression, next: Expression?) {
        switch expression {
        case .meta(let key, into: _): load(LoadedField(key))
        case .conntrack(let load): loaded.append(LoadedField(load))
        case .setConntrack(let assignment):
            let field = LoadedField(ConntrackLoad(assignment.key, direction: assignment.direction))
            assign(field, assignment.source)
        case .payload(let payload): append(payload)
        case .bitwise(let bitwise): mask(bitwise)
        case .byteOrder(let conversion): convert(conversion)
        case .compare(let comparison): append(comparison, next: next)
        case .range(let range): append(range)
        case .lookup(let lookup): append(lookup)
        case .dynamicSet(let dynamicSet): append(dynamicSet)
        case .immediate(let immediate):
            constants[immediate.destination] = immediate.value
            mapped[immediate.destination] = nil
        case .verdict(let verdict): words.append(verdict.description)
        case .counter: words.append("counter")
        case .limit(let limit): words.append(limit.description)
        case .connectionCount(let count): words.append(count.description)
        case .log(let log): words.append(log.description)
        case .reject(let reject): words.append(reject.text(in: family?.value))
        case .translate(let translation): words.append(text(of: translation))
        case .redirect(let redirection): append(redirection)
        case .route(let query): load(LoadedField(query))
        case .number(let generator): append(generator)
        case .xtables(let part): words.append(part.description)
        case .opaque(let name, let attributes):
            let statement = OpaqueStatement(name: name, attributes: attributes)
            if let masquerade = statement.masquerade { return words.append(text(of: masquerade)) }
            append(statement, notes?.listings[expression])
        }
    }

    /// A hash replaces the field that it is of.
    private mutating func append(_ generator: NumberGenerator) {
        var field = ""
        if case .hash = generator.method {
            field = loaded.map(\.maskedText).joined(separator: " . ")
            loaded = []
        }
        load(LoadedField(generator.text(hashing: field), .integer))
    }

    private mutating func load(_ field: LoadedField) {
        var field = field
        field.interfaceNames = notes?.interfaceNames ?? [:]
        loaded.append(field)
    }

    private mutating func append(_ statement: OpaqueStatement, _ listing: String?) {
        guard let assignment = statement.assignment else {
            let text = statement.text(listing)
            guard OpaqueStatement.writesRegister(listing) else { return words.append(text) }
            // It may read the fields that were loaded before it, and the next expression reads its result.
            loaded = [LoadedField((loaded.map(\.maskedText) + [text]).joined(separator: " "), .integer)]
            return
        }
        assign(assignment.field, assignment.source)
    }

    private mutating func assign(_ field: LoadedField, _ source: Register) {
        let value = constants[source].map(field.text(of:)) ?? mapped[source] ?? loaded.popLast()?.maskedText
        words.append("\(field.text) set \(value ?? "[register \(source.rawValue)]")")
    }

    private mutating func append(_ payload: Payload) {
        let field = LoadedField(payload, family: family?.value, transport: transport?.value)
        if payload.base == .network, let index = family?.index { words[index] = nil }
        if payload.base == .transport, let transport {
            if let index = transport.index { words[index] = nil }
            // nft derives both protocols from an ICMP field.
            if let index = family?.index, [1, 58].contains(transport.value) { words[index] = nil }
        }
        loaded.append(field)
    }

    private mutating func mask(_ bitwise: BitwiseMask) {
        guard let field = loaded.popLast() else { return }
        loaded.append(field.masked(bitwise))
    }

    private mutating func convert(_ conversion: ByteOrderConversion) {
        guard var field = loaded.popLast() else { return }
        field.isConverted = conversion.toNetwork
        loaded.append(field)
    }

    private mutating func append(_ comparison: Comparison, next: Expression?) {
        guard let field = loaded.popLast() else { return words.append("[cmp]") }
        if comparison.operator == .greaterOrEqual, case .compare(let other)? = next, other.operator == .lessOrEqual {
            lowerEnd = comparison.value
            return loaded.append(field)
        }
        if comparison.operator == .lessOrEqual, let lower = lowerEnd {
            lowerEnd = nil
            return words.append("\(field.maskedText) \(field.text(of: lower))-\(field.text(of: comparison.value))")
        }
        note(field, comparison)
        words.append(field.comparisonText(comparison))
    }

    /// Notes a match on a protocol, which determines the names of later loads.
    private mutating func note(_ field: LoadedField, _ comparison: Comparison) {
        guard comparison.operator == .equal, comparison.value.count == 1 else { return }
        switch field.type {
        case .networkProtocol: family = (TableFamily(rawValue: comparison.value[0]), words.count)
        case .transportProtocol:
            // Beside `ip protocol` in a table of both families, the match implies the family, too, and stays.
            let isImplied = field.text == "meta l4proto" || family.map { $0.index == nil } ?? false
            transport = (comparison.value[0], isImplied ? words.count : nil)
        default: break
        }
    }

    private mutating func append(_ range: RangeComparison) {
        guard let field = loaded.popLast() else { return words.append("[range]") }
        let ends = "\(field.text(of: range.lower))-\(field.text(of: range.upper))"
        words.append("\(field.maskedText) \(range.isInverted ? "!= " : "")\(ends)")
    }

    private mutating func append(_ lookup: Lookup) {
        let key = loaded.map(\.maskedText).joined(separator: " . ")
        loaded = []
        let set: String
        switch lookup.set {
        case .named(let name): set = "@\(name)"
        case .anonymous(let own): set = "{ \(own.elements.texts(of: own.definition, notes).joined(separator: ", ")) }"
        }
        switch lookup.destination {
        case .verdict?: words.append("\(key) vmap \(set)")
        case let register?: (mapped[register], constants[register]) = ("\(key) map \(set)", nil)
        case nil: words.append("\(key) \(lookup.isInverted ? "!= " : "")\(set)")
        }
    }

    private mutating func append(_ dynamicSet: DynamicSet) {
        let key = loaded.map(\.maskedText).joined(separator: " . ")
        loaded = []
        let timeout = dynamicSet.timeout.map { " timeout \(timeText(milliseconds: $0))" } ?? ""
        let body = dynamicSet.expressions.map { " " + Self.text(of: $0, notes) }.joined()
        words.append("\(dynamicSet.operation) @\(dynamicSet.set) { \(key)\(timeout)\(body) }")
    }
}

extension LoadedField {
    /// A comparison with the field, in nft's notation.
    fileprivate func comparisonText(_ comparison: Comparison) -> String {
        let isZero = comparison.value.allSatisfy { $0 == 0 }
        if let mask, isZero, let names = type.bitNames(mask.mask) {
            return "\(text) \(comparison.operator == .notEqual ? "" : "! ")\(names.joined(separator: ","))"
        }
        let sign = ["", "!= ", "< ", "<= ", "> ", ">= "][Int(comparison.operator.rawValue)]
        if mask != nil || type == .tcpFlags, type != .interfaceName, maskedPrefix == nil {
            return "\(maskedText) \(sign.isEmpty ? "== " : sign)\(bitText(comparison.value))"
        }
        return "\(text) \(sign)\(text(of: comparison.value))"
    }
}
