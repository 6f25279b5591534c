internal import Addressing
internal import Rulesets

/// User data that nft needs to list a set, `enum nftnl_udata_set_types` of `libnftnl/udata.h`.
private enum ListingHint {
    /// The values of `enum byteorder` in nft's `include/datatype.h`.
    static let hostOrder: UInt32 = 1
    static let networkOrder: UInt32 = 2

    static func keyByteOrder(_ order: UInt32) -> [UInt8] { [0, 4] + order.hostOrderBytes }

    static let verdictData: [UInt8] = [1, 4] + UInt32(0).hostOrderBytes
    /// The `typeof` of a verdict, which nft 1.0.6 adds to anonymous verdict maps.
    static let verdictTypeof: [UInt8] = [4, 8, 0, 4] + UInt32(1).hostOrderBytes + [1, 0]
    /// The values are not intervals.
    static let plainData: [UInt8] = [6, 4] + UInt32(0).hostOrderBytes
}

/// The data types of keys; the raw values are the numbers in nft's `include/datatype.h`.
enum KeyType: UInt32 {
    case integer = 4
    case ipv4Address = 7
    case ipv6Address = 8
    case transportProtocol = 12
    case port = 13
    case user = 24
    case conntrackState = 26

    var length: UInt32 {
        switch self {
        case .transportProtocol: 1
        case .port: 2
        case .integer, .ipv4Address, .user, .conntrackState: 4
        case .ipv6Address: 16
        }
    }

    /// The type of a concatenation of two fields, 6 bits each.
    static func concatenation(_ first: Self, _ second: Self) -> UInt32 { first.rawValue << 6 | second.rawValue }
}

extension SetDefinition {
    /// A set of source addresses.
    static func addresses(_ family: AddressFamily) -> SetDefinition {
        let type: KeyType = family == .ipv4 ? .ipv4Address : .ipv6Address
        return SetDefinition(
            keyType: type.rawValue, keyLength: type.length, flags: .interval,
            userdata: ListingHint.keyByteOrder(ListingHint.networkOrder))
    }

    /// A set of source addresses, each with a timeout.
    static func timed(_ family: AddressFamily) -> SetDefinition {
        let type: KeyType = family == .ipv4 ? .ipv4Address : .ipv6Address
        return SetDefinition(
            keyType: type.rawValue, keyLength: type.length, flags: .timeout,
            userdata: ListingHint.keyByteOrder(ListingHint.networkOrder))
    }

    /// A set with a limit for each source; `timeout` in milliseconds, `nil` for elements that stay as long as they count.
    static func limiter(_ family: AddressFamily, size: UInt32, timeout: UInt64?) -> SetDefinition {
        let type: KeyType = family == .ipv4 ? .ipv4Address : .ipv6Address
        return SetDefinition(
            keyType: type.rawValue, keyLength: type.length, flags: timeout == nil ? .dynamic : [.dynamic, .timeout],
            size: size, timeout: timeout,
            userdata: ListingHint.keyByteOrder(ListingHint.networkOrder))
    }

    /// A map from protocol and port to a verdict; each field of the key is padded to 4 bytes.
    static let protocolsAndPorts = SetDefinition(
        keyType: KeyType.concatenation(.transportProtocol, .port), keyLength: 8, flags: .map,
        dataType: verdictType, dataLength: 0,
        userdata: ListingHint.keyByteOrder(0) + ListingHint.verdictData + ListingHint.plainData)

    /// A map from addresses, or ranges of addresses, to a verdict.
    static func destinations(_ family: AddressFamily, ranges: Bool) -> SetDefinition {
        let type: KeyType = family == .ipv4 ? .ipv4Address : .ipv6Address
        return SetDefinition(
            keyType: type.rawValue, keyLength: type.length, flags: ranges ? [.map, .interval] : .map,
            dataType: verdictType, dataLength: 0,
            userdata: ListingHint.keyByteOrder(ListingHint.networkOrder) + ListingHint.verdictData
                + ListingHint.plainData)
    }

    /// A map from ports, or ranges of ports, to a verdict.
    static func ports(ranges: Bool) -> SetDefinition {
        SetDefinition(
            keyType: KeyType.port.rawValue, keyLength: KeyType.port.length, flags: ranges ? [.map, .interval] : .map,
            dataType: verdictType, dataLength: 0,
            userdata: ListingHint.keyByteOrder(ListingHint.networkOrder) + ListingHint.verdictData
                + ListingHint.plainData)
    }
}

extension AnonymousSet {
    /// An anonymous set of single values in host byte order.
    static func values(_ type: KeyType, _ keys: [[UInt8]]) -> AnonymousSet {
        let definition = SetDefinition(
            keyType: type.rawValue, keyLength: type.length, flags: [.anonymous, .constant], size: UInt32(keys.count),
            userdata: ListingHint.keyByteOrder(ListingHint.hostOrder))
        return AnonymousSet(definition: definition, elements: .list(keys.map { SetElement(key: $0) }.sortedByKey()))
    }

    /// An anonymous verdict map.
    static func verdicts(_ type: KeyType, _ entries: [([UInt8], Verdict)]) -> AnonymousSet {
        let definition = SetDefinition(
            keyType: type.rawValue, keyLength: type.length, flags: [.anonymous, .constant, .map],
            dataType: SetDefinition.verdictType, dataLength: 0, size: UInt32(entries.count),
            userdata: ListingHint.keyByteOrder(ListingHint.hostOrder) + ListingHint.verdictData
                + ListingHint.verdictTypeof + ListingHint.plainData)
        let elements = entries.map { SetElement(key: $0.0, value: .verdict($0.1)) }
        return AnonymousSet(definition: definition, elements: .list(elements.sortedByKey()))
    }
}
