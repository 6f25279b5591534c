import Addressing
import TestSupport
import Testing

@Suite struct AddressRangeTests {
    @Test(arguments: [
        ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("10.8.0.0/16", "10.8.0.0/16"),
        ("0.0.0.0/0", "0.0.0.0/0"), ("192.0.2.7/32", "192.0.2.7"), ("192.0.2.10-192.0.2.20", "192.0.2.10-192.0.2.20"),
        ("192.0.2.0-192.0.2.255", "192.0.2.0/24"), ("192.0.2.1-192.0.2.1", "192.0.2.1"),
        ("100.20.3.109", "100.20.3.109"),
        ("::", "::"), ("::/0", "::/0"), ("::1", "::1"), ("1::", "1::"),
        ("2001:DB8::8:800:200c:417A", "2001:db8::8:800:200c:417a"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
        ("2001:0db8:00aa::/48", "2001:db8:aa::/48"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
        ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"), ("::1.2.3.4", "::1.2.3.4"), ("fe80::/10", "fe80::/10"),
        ("2001:db8::1-2001:db8::ff", "2001:db8::1-2001:db8::ff"), ("2001:db8::/127", "2001:db8::/127"),
        ("::ffff:0:0:0/96", "::ffff:0:0:0/96"), ("0:0:0:0:0:0:0:1", "::1"), ("::-::1", "::/127"),
    ])
    func reads(text: String, printed: String) throws {
        let range = try AddressRange(text)
        #expect(range.description == printed)
        #expect(try AddressRange(printed) == range)
    }

    /// Expects that the fast path for plain lines skips `text`, or gives the same range as the full parser.
    private func expectAgreement(_ text: String, isPlain: Bool? = nil) {
        var ranges: [ClosedRange<UInt32>] = []
        let bytes = Array("\(text)\n".utf8)
        let next = AddressRange.appendPlainLines(of: bytes, from: 0, to: &ranges)
        let full = try? AddressRange(text)
        if let isPlain { #expect(isPlain == !ranges.isEmpty, "\(text)") }
        #expect(ranges.isEmpty ? next == 0 : next == bytes.count, "\(text)")
        if let range = ranges.first { #expect(full == .ipv4(range), "\(text)") }
    }

    @Test func theFastPathAgreesWithTheFullParser() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            let length = Int.random(in: 0...32, using: &generator)
            let range = ClosedRange(prefixOf: UInt32.random(in: 0...UInt32.max, using: &generator), length: length)
            let text = AddressRange.ipv4(range).description
            expectAgreement(text, isPlain: true)
            var changed = Array(text.utf8)
            let index = Int.random(in: 0..<changed.count, using: &generator)
            let byte = Array("0123456789./-:# \t".utf8).randomElement(using: &generator) ?? 0
            switch Int.random(in: 0...2, using: &generator) {
            case 0: changed[index] = byte
            case 1: changed.insert(byte, at: index)
            default: changed.remove(at: index)
            }
            expectAgreement(String(decoding: changed, as: UTF8.self))
        }
        for text in [
            "0.0.0.0", "255.255.255.255/32", "0.0.0.0/0", "128.0.0.0/1", "1.2.3.4/31", "1.2.3.4/00", "1.2.3.4/32/1",
            "4294967297.0.0.1", "1.2.3.4/4294967304", "01.2.3.4", "00.0.0.0", "1.2.3.256", "1.2.3.", ".1.2.3",
            "1.2.3.4/", "",
        ] { expectAgreement(text) }
    }

    @Test func stopsAtTheFirstLineThatIsNotPlain() {
        var ranges: [ClosedRange<UInt32>] = []
        let bytes = Array("0.0.0.1\n0.0.1.0/24\n::1\n0.0.0.2".utf8)
        let stop = AddressRange.appendPlainLines(of: bytes, from: 0, to: &ranges)
        #expect(stop == 19)
        #expect(ranges == [1...1, 256...511])
        let end = AddressRange.appendPlainLines(of: bytes, from: 23, to: &ranges)
        #expect(end >= bytes.count)
        #expect(ranges == [1...1, 256...511, 2...2])
    }

    @Test(
        arguments: [
            ("", AddressError.Reason.empty, nil), ("office", .notAnAddress, nil), ("日本", .notAnAddress, nil),
            ("10.0.0.1/8", .hostBits, "10.0.0.0/8"),
            ("2001:db8::1/64", .hostBits, "2001:db8::/64"), ("010.0.0.1", .leadingZero, "10.0.0.1"),
            ("10.00.0.1", .leadingZero, "10.0.0.1"), ("10.0.0.08", .leadingZero, "10.0.0.8"),
            ("10.1", .numberCount(2), nil),
            ("10.1/16", .numberCount(2), "10.1.0.0/16"), ("10/8", .numberCount(1), "10.0.0.0/8"),
            ("10.0.0.1-9", .numberCount(1), "10.0.0.1-10.0.0.9"), ("10.0.0.0.1", .numberCount(5), nil),
            ("256.0.0.1", .numberTooBig, nil), ("99999999999999999999.0.0.1", .numberTooBig, nil),
            ("10..0.1", .numberMissing, nil), ("10.0.0.", .numberMissing, nil),
            ("0x7f.0.0.1", .unexpectedCharacter(.ipv4), nil),
            ("10.0.0.1 ", .unexpectedCharacter(.ipv4), "10.0.0.1"),
            ("10.0.0.1:22", .portAppended, "10.0.0.1"),
            ("fe80::1%eth0", .scoped, "fe80::1"), ("fe80::1%eth0/128", .scoped, "fe80::1/128"),
            ("::ffff:192.0.2.1", .mapped, "192.0.2.1"), ("::ffff:c000:0201", .mapped, "192.0.2.1"),
            ("::ffff:192.0.2.0/120", .mapped, "192.0.2.0/24"),
            ("::ffff:1.2.3.4-::ffff:1.2.3.9", .mapped, "1.2.3.4-1.2.3.9"),
            ("[::1]", .bracketed, "::1"), ("10.0.0.0/", .prefixLengthMissing, "10.0.0.0"),
            ("10.0.0.0/33", .prefixLengthTooLong(32), nil), ("::/129", .prefixLengthTooLong(128), nil),
            ("10.0.0.0/99999999999999999999999", .prefixLengthTooLong(32), nil),
            ("10.0.0.0/08", .prefixLengthLeadingZero, "10.0.0.0/8"),
            ("10.0.0.0/-1", .prefixInRange, nil), ("10.0.0.0/x", .prefixLengthNotANumber, nil),
            ("10.0.0.0/8/9", .prefixLengthNotANumber, nil),
            ("10.0.0.0/255.0.0.0", .netmask, "10.0.0.0/8"), ("10.0.0.1/255.255.255.0", .netmask, "10.0.0.0/24"),
            ("10.0.0.0/255.0.255.0", .netmask, nil), ("10.0.0.9-10.0.0.1", .reversed, "10.0.0.1-10.0.0.9"),
            ("::2-::1", .reversed, "::1-::2"), ("10.0.0.1-::1", .acrossFamilies, nil),
            ("::1-10.0.0.1", .acrossFamilies, nil),
            ("10.0.0.0/8-11.0.0.0", .prefixInRange, nil), ("-10.0.0.1", .endMissing, nil),
            ("10.0.0.1-", .endMissing, nil),
            ("/8", .endMissing, nil), (":1", .loneColon, nil), ("1:", .loneColon, nil), (":", .loneColon, nil),
            (":::", .secondCompression, nil), ("1::2::3", .secondCompression, nil), ("12345::", .groupTooLong, nil),
            ("1:2:3:4:5:6:7", .groupCount, nil), ("1:2:3:4:5:6:7:8:9", .groupCount, nil),
            ("1:2:3:4:5:6:7::8", .groupCount, nil),
            ("1:2:3:4:5:6:7:1.2.3.4", .groupCount, nil), ("g::", .unexpectedCharacter(.ipv6), nil),
            ("::010.0.0.1", .leadingZero, "::10.0.0.1"),
            ("::/64/64", .prefixLengthNotANumber, nil), ("10.0.0.1\u{0}", .unexpectedCharacter(.ipv4), nil),
        ] as [(String, AddressError.Reason, String?)])
    func refuses(text: String, reason: AddressError.Reason, repair: String?) {
        let error = #expect(throws: AddressError.self) { try AddressRange(text) }
        #expect(error?.reason == reason)
        #expect(error?.repair == repair)
        #expect(error?.text == text)
    }

    @Test func distinguishesAddressesFromNames() {
        for text in ["10.1", "fe80::", "::1", "[::1]", "1"] { #expect(AddressRange.isIntended(by: text)) }
        for text in ["office", "face", "", "_x-1.2"] { #expect(!AddressRange.isIntended(by: text)) }
    }
}
