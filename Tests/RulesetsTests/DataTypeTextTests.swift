import Testing

@testable import Rulesets

@Suite("Constants as nft writes them")
struct DataTypeTextTests {
    /// The bytes of a number as it is in this machine's memory.
    private static func host(_ number: UInt32) -> [UInt8] {
        let bytes = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
        return UInt32(littleEndian: 1) == 1 ? bytes.reversed() : bytes
    }

    static let constants: [(DataType, [UInt8], String)] = [
        (.ipv4Address, [192, 0, 2, 1], "192.0.2.1"), (.ipv4Address, [192, 0], "0xc000"),
        (.ipv6Address, [0x20, 1, 0xd, 0xb8] + Array(repeating: 0, count: 11) + [1], "2001:db8::1"),
        (.port, [1, 0], "256"), (.port, [0, 0], "0"), (.networkProtocol, [2], "ipv4"), (.networkProtocol, [10], "ipv6"),
        (.networkProtocol, [7], "7"), (.transportProtocol, [6], "tcp"), (.transportProtocol, [58], "ipv6-icmp"),
        (.transportProtocol, [200], "200"), (.icmpType, [8], "echo-request"), (.icmpType, [200], "200"),
        (.icmpv6Type, [135], "nd-neighbor-solicit"), (.icmpv6Type, [200], "200"),
        (.interfaceName, Array("eth0".utf8) + Array(repeating: 0, count: 12), "\"eth0\""),
        (.interfaceName, Array("a\"b".utf8) + [0], "\"a'b\""), (.interfaceIndex, host(1), "\"lo\""),
        (.interfaceIndex, host(7), "7"), (.conntrackState, host(2 | 4), "established,related"),
        (.conntrackState, host(0), "0"), (.conntrackState, host(64 | 128), "untracked,0x80"),
        (.conntrackStatus, host(32), "dnat"), (.addressType, host(2), "local"), (.addressType, host(99), "99"),
        (.boolean, [0], "missing"), (.boolean, [1], "exists"), (.boolean, [0, 0, 0, 0], "missing"),
        (.conntrackDirection, [0], "original"),
        (.conntrackDirection, [1], "reply"), (.mark, host(0xff), "0xff"), (.integer, [0, 10, 255], "0x000aff"),
        (.integer, [], "0x"),
    ]

    @Test("By type; bytes that do not fit it are a hexadecimal number", arguments: constants)
    func constant(type: DataType, bytes: [UInt8], text: String) { #expect(type.text(bytes) == text) }

    static let types: [(UInt32, [DataType]?)] = [
        (13, [.port]), (12 << 6 | 13, [.transportProtocol, .port]),
        (7 << 12 | 12 << 6 | 13, [.ipv4Address, .transportProtocol, .port]),
        (0, nil), (63, nil), (13 << 6 | 63, nil), (13 << 6, nil),
    ]

    @Test("The fields of a concatenation", arguments: types)
    func fields(type: UInt32, fields: [DataType]?) { #expect(DataType.fields(of: type) == fields) }
}

@Suite("Statements as nft writes them")
struct StatementTextTests {
    static let verdicts: [(Verdict, String)] = [
        (.accept, "accept"), (.drop, "drop"), (.continue, "continue"), (.return, "return"), (.jump("a"), "jump a"),
        (.goto("b"), "goto b"), (.other(3), "[verdict 3]"),
    ]

    @Test("Verdicts", arguments: verdicts)
    func verdict(verdict: Verdict, text: String) {
        #expect(verdict.description == text)
        #expect(verdict.target == ["jump a": "a", "goto b": "b"][text])
    }

    static let limits: [(RateLimit, String)] = [
        (RateLimit(rate: 10, unit: 1), "limit rate 10/second"),
        (RateLimit(rate: 1, unit: 3600, burst: 9), "limit rate 1/hour burst 9 packets"),
        (RateLimit(rate: 1, unit: 86400, isOver: true), "limit rate over 1/day"),
        (RateLimit(rate: 1, unit: 604_800), "limit rate 1/week"),
        (RateLimit(rate: 9, unit: 7), "limit rate 9/7s"),
        (RateLimit(rate: 1024, unit: 1, burst: 0, countsBytes: true), "limit rate 1024 bytes/second"),
        (RateLimit(rate: 1024, unit: 1, burst: 5, countsBytes: true), "limit rate 1024 bytes/second burst 5 bytes"),
    ]

    @Test("Limits", arguments: limits)
    func limit(limit: RateLimit, text: String) { #expect(limit.description == text) }

    static let logs: [(LogStatement, String)] = [
        (LogStatement(prefix: nil), "log"), (LogStatement(prefix: "a \"b\": "), "log prefix \"a 'b': \""),
        (LogStatement(prefix: nil, level: 7), "log level debug"),
        (LogStatement(prefix: "x: ", group: 5), "log prefix \"x: \" group 5"),
        (LogStatement(prefix: nil, level: 99), "log level 99"),
        (LogStatement(prefix: "x", level: 0, flags: 0x1f), "log prefix \"x\" level emerg [flags 0x1f]"),
    ]

    @Test("Logging", arguments: logs)
    func log(log: LogStatement, text: String) { #expect(log.description == text) }

    static let rejects: [(Reject, String)] = [
        (.tcpReset, "reject with tcp reset"), (.adminProhibited, "reject with icmpx admin-prohibited"),
        (Reject(type: 2, code: 1), "reject with icmpx port-unreachable"),
        (Reject(type: 2, code: 9), "[reject type 2 code 9]"),
        (Reject(type: 0, code: 3), "[reject type 0 code 3]"),
    ]

    @Test("Rejects", arguments: rejects)
    func reject(reject: Reject, text: String) { #expect(reject.description == text) }
}
