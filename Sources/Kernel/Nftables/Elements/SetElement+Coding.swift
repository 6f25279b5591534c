internal import CNftnl
internal import Rulesets

extension SetElement {
    /// Decodes the attributes of one element; attributes that are not understood are kept in `unrecognized`.
    init(from attributes: Attributes) {
        self.init(key: [])
        var unread = AttributeWriter()
        for attribute in attributes where !read(attribute) { unread.append(raw: attribute.bytes) }
        unrecognized = unread.bytes
    }

    /// Decodes one attribute; `false` if it is not understood.
    private mutating func read(_ attribute: Attributes.Attribute) -> Bool {
        let payload = attribute.payload
        switch attribute.type {
        case NFTA_SET_ELEM_EXPIRATION.rawValue, NFTA_SET_ELEM_PAD.rawValue: return true
        case NFTA_SET_ELEM_KEY.rawValue: return Self.assign(&key, Attributes(payload)?.soleValue)
        case NFTA_SET_ELEM_KEY_END.rawValue: return Self.assign(&upper, Attributes(payload)?.soleValue)
        case NFTA_SET_ELEM_FLAGS.rawValue: return Self.assign(&flags, payload.bigEndian())
        case NFTA_SET_ELEM_TIMEOUT.rawValue: return Self.assign(&timeout, payload.bigEndian())
        case NFTA_SET_ELEM_DATA.rawValue: return Self.assign(&value, Attributes(payload)?.elementValue)
        case NFTA_SET_ELEM_USERDATA.rawValue:
            return Self.assign(&userdata, Self.isListingHint(payload) ? [] : Array(payload))
        case NFTA_SET_ELEM_EXPR.rawValue:
            return Self.assign(&expressions, Attributes.expression(payload).map { [$0] })
        case NFTA_SET_ELEM_EXPRESSIONS.rawValue:
            return Self.assign(&expressions, Attributes(attribute.bytes)?.expressions(NFTA_SET_ELEM_EXPRESSIONS))
        default: return false
        }
    }

    private static func assign<Value>(_ place: inout Value, _ value: Value?) -> Bool {
        guard let value else { return false }
        place = value
        return true
    }

    /// Encodes the element; with `keyOnly` only its key and flags, as for a deletion.
    func encode(into list: inout AttributeWriter, keyOnly: Bool) {
        list.nest(NFTA_LIST_ELEM) { attributes in
            if !key.isEmpty { attributes.value(NFTA_SET_ELEM_KEY, key) }
            if let upper { attributes.value(NFTA_SET_ELEM_KEY_END, upper) }
            if flags != 0 { attributes.u32(NFTA_SET_ELEM_FLAGS, flags) }
            guard !keyOnly else { return }
            encodeBelongings(into: &attributes)
        }
    }

    private func encodeBelongings(into attributes: inout AttributeWriter) {
        var references = SetReferences()
        switch value {
        case .verdict(let verdict): attributes.verdict(NFTA_SET_ELEM_DATA, verdict)
        case .bytes(let bytes): attributes.value(NFTA_SET_ELEM_DATA, bytes)
        case nil: break
        }
        if let timeout { attributes.u64(NFTA_SET_ELEM_TIMEOUT, timeout) }
        if expressions.count > 1 {
            attributes.expressions(NFTA_SET_ELEM_EXPRESSIONS, expressions, &references)
        } else if let expression = expressions.first {
            attributes.expression(NFTA_SET_ELEM_EXPR, expression, &references)
        }
        if !userdata.isEmpty { attributes.bytes(NFTA_SET_ELEM_USERDATA, userdata) }
        attributes.append(raw: unrecognized)
    }
}

extension Attributes {
    /// A map's value; `nil` unless there is exactly one.
    fileprivate var elementValue: SetElement.Value? {
        soleValue.map(SetElement.Value.bytes) ?? soleVerdict.map(SetElement.Value.verdict)
    }
}

extension SetElement {
    /// Whether user data is nft's mark that a range reaches the highest key and has no end, and nothing else.
    ///
    /// `NFTNL_UDATA_SET_ELEM_FLAGS` of `libnftnl/udata.h` with nft's `NFTNL_SET_ELEM_F_INTERVAL_OPEN`, in host order.
    static func isListingHint(_ userdata: ArraySlice<UInt8>) -> Bool {
        let flags: UInt32 = 1
        var hint = AttributeWriter()
        hint.appendBigEndian(flags.bigEndian)
        return userdata.count == 6 && userdata.starts(with: [1, 4]) && userdata.suffix(4).elementsEqual(hint.bytes)
    }
}
