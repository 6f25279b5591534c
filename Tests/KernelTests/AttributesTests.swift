import CNftnl
import Rulesets
import TestSupport
import Testing

@testable import Kernel

@Suite("Netlink attributes are encoded and decoded, and malformed ones are rejected")
struct AttributesTests {
    private func written(_ body: (inout AttributeWriter) -> Void) -> [UInt8] {
        var writer = AttributeWriter()
        body(&writer)
        return writer.bytes
    }

    private func attributes(_ body: (inout AttributeWriter) -> Void) throws -> Attributes {
        try #require(Attributes(written(body)[...]))
    }

    @Test("Every kind of payload is encoded with header, byte order and padding")
    func layout() {
        #expect(written { $0.u8(NFTA_LIST_ELEM, 7) } == [5, 0, 1, 0, 7, 0, 0, 0])
        #expect(written { $0.u32(NFTA_LIST_ELEM, 0x0102_0304) } == [8, 0, 1, 0, 1, 2, 3, 4])
        #expect(written { $0.u64(NFTA_LIST_ELEM, 5) } == [12, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 5])
        #expect(written { $0.string(NFTA_LIST_ELEM, "abc") } == [8, 0, 1, 0, 97, 98, 99, 0])
        #expect(written { $0.bytes(NFTA_LIST_ELEM, [9]) } == [5, 0, 1, 0, 9, 0, 0, 0])
        #expect(
            written { $0.nest(NFTA_LIST_ELEM) { $0.u8(NFTA_LIST_ELEM, 7) } } == [
                12, 0, 1, 0x80, 5, 0, 1, 0, 7, 0, 0, 0,
            ])
    }

    static let malformed: [[UInt8]] = [
        [1], [4, 0, 1], [3, 0, 1, 0], [0, 0, 1, 0], [9, 0, 1, 0, 1, 2, 3, 4], [255, 255, 1, 0, 0, 0, 0, 0],
        [5, 0, 1, 0, 7, 0, 0, 0, 1],
    ]

    @Test("Attributes with invalid lengths are rejected", arguments: malformed)
    func malformedLengths(_ bytes: [UInt8]) { #expect(Attributes(bytes[...]) == nil) }

    @Test("Decoding random bytes ends, and never reads beyond them", arguments: 0..<UInt64(200))
    func noise(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let names = [
            "meta", "payload", "cmp", "lookup", "dynset", "immediate", "limit", "log", "bitwise", "quota", "ct",
        ]
        for name in names {
            let bytes = (0..<Int.random(in: 0...64, using: &random)).map { index in
                index.isMultiple(of: 4)
                    ? UInt8.random(in: 0...16, using: &random) : UInt8.random(in: 0...3, using: &random)
            }
            _ = Expression(name: name, attributes: bytes[...])
            if let attributes = Attributes(bytes[...]) { _ = SetElement(from: attributes) }
        }
    }

    @Test("Order, padding and missing nest flags make no difference")
    func equivalence() throws {
        let mine = try attributes {
            $0.u32(NFTA_CMP_SREG, 1)
            $0.value(NFTA_CMP_DATA, [6])
        }
        var unflagged = written { $0.value(NFTA_CMP_DATA, [6]) }
        unflagged[3] = 0
        let received = try attributes {
            $0.append(raw: unflagged)
            $0.u32(NFTA_CMP_SREG, 1)
        }
        #expect(received.isEquivalent(to: mine))
        #expect(!received.without([NFTA_CMP_SREG]).isEquivalent(to: mine))
    }

    @Test("An unknown attribute makes an expression opaque, and is kept")
    func unknownAttribute() throws {
        let load = written {
            $0.u32(NFTA_META_KEY, 15)
            $0.u32(NFTA_META_DREG, 1)
        }
        #expect(Expression(name: "meta", attributes: load[...]) == .meta(.networkProtocol, into: .first))
        let more = load + [8, 0, 99, 0, 0, 0, 0, 1]
        #expect(Expression(name: "meta", attributes: more[...]) == .opaque(name: "meta", attributes: more))
    }

    @Test("An unknown flag, operator or direction makes an expression opaque")
    func unknownValues() throws {
        let lookup = written {
            $0.string(NFTA_LOOKUP_SET, "s")
            $0.u32(NFTA_LOOKUP_SREG, 1)
            $0.u32(NFTA_LOOKUP_FLAGS, 2)
        }
        #expect(Expression(name: "lookup", attributes: lookup[...]) == .opaque(name: "lookup", attributes: lookup))
        let comparison = written {
            $0.u32(NFTA_CMP_SREG, 1)
            $0.u32(NFTA_CMP_OP, 17)
            $0.value(NFTA_CMP_DATA, [6])
        }
        #expect(Expression(name: "cmp", attributes: comparison[...]) == .opaque(name: "cmp", attributes: comparison))
        let shift = written {
            $0.u32(NFTA_BITWISE_SREG, 1)
            $0.u32(NFTA_BITWISE_DREG, 1)
            $0.u32(NFTA_BITWISE_LEN, 4)
            $0.u32(NFTA_BITWISE_OP, NFT_BITWISE_LSHIFT.rawValue)
            $0.value(NFTA_BITWISE_DATA, [0, 0, 0, 2])
        }
        #expect(Expression(name: "bitwise", attributes: shift[...]) == .opaque(name: "bitwise", attributes: shift))
    }

    @Test("The state of a counter is not part of the expression")
    func counterState() {
        let counted = written {
            $0.u64(NFTA_COUNTER_BYTES, 7)
            $0.u64(NFTA_COUNTER_PACKETS, 7)
        }
        #expect(Expression(name: "counter", attributes: counted[...]) == .counter)
        let more = counted + [4, 0, 77, 0]
        #expect(
            Expression(name: "counter", attributes: more[...]) == .opaque(name: "counter", attributes: [4, 0, 77, 0]))
    }

    @Test("An element keeps unknown attributes")
    func unknownElementAttribute() throws {
        let element = try attributes {
            $0.value(NFTA_SET_ELEM_KEY, [1, 2, 3, 4])
            $0.append(raw: [8, 0, 99, 0, 1, 2, 3, 4])
        }
        #expect(SetElement(from: element) == SetElement(key: [1, 2, 3, 4], unrecognized: [8, 0, 99, 0, 1, 2, 3, 4]))
    }

    @Test("A rule, a chain and a set keep unknown attributes")
    func unknownObjectAttributes() throws {
        let unknown: [UInt8] = [8, 0, 99, 0, 1, 2, 3, 4]
        var comparison = RuleComparison()
        let received = try attributes {
            $0.string(NFTA_RULE_CHAIN, "c")
            $0.u64(NFTA_RULE_HANDLE, 7)
            $0.append(raw: unknown)
        }
        let rule = try #require(ReceivedRule(from: received, &comparison))
        #expect(rule.rule == Rule([], unrecognized: unknown))
        let chain = try #require(
            Chain(
                from: attributes {
                    $0.string(NFTA_CHAIN_NAME, "c")
                    $0.u64(NFTA_CHAIN_HANDLE, 7)
                    $0.append(raw: unknown)
                }))
        #expect(chain == Chain(name: "c", unrecognized: unknown))
        let set = try #require(
            SetDefinition(
                from: attributes {
                    $0.u32(NFTA_SET_KEY_TYPE, 7)
                    $0.u32(NFTA_SET_KEY_LEN, 4)
                    $0.append(raw: unknown)
                }))
        #expect(set == SetDefinition(keyType: 7, keyLength: 4, unrecognized: unknown))
        #expect(written { set.encode(into: &$0) }.suffix(8) == unknown[...])
    }

    @Test("A hook with unknown attributes is kept whole, and is encoded last, so that the kernel uses it")
    func unknownHook() throws {
        let hook = written {
            $0.nest(NFTA_CHAIN_HOOK) {
                $0.u32(NFTA_HOOK_HOOKNUM, 5)
                $0.u32(NFTA_HOOK_PRIORITY, 0)
                $0.append(raw: [8, 0, 99, 0, 1, 2, 3, 4])
            }
        }
        let chain = try #require(
            Chain(
                from: attributes {
                    $0.string(NFTA_CHAIN_NAME, "c")
                    $0.append(raw: hook)
                    $0.u32(NFTA_CHAIN_POLICY, 1)
                    $0.string(NFTA_CHAIN_TYPE, "filter")
                }))
        #expect(chain.base == BaseChain(type: "filter", hook: .ingress, priority: 0, policy: .accept))
        #expect(chain.unrecognized == hook)
        #expect(written { chain.encode(into: &$0) }.suffix(hook.count) == hook[...])
    }

    /// User data of a table: as it is sent, and what is kept of it.
    static let tableUserdata: [(sent: [UInt8], kept: [UInt8])] = [
        ([], []), ([0, 2, 65, 0], [0, 2, 65, 0]), ([0, 2, 65, 0, 1, 4, 1, 1, 7, 0, 2, 1, 9], [0, 2, 65, 0]),
        ([1, 4, 1, 1, 7, 0], []), ([3, 1, 7, 1, 0], [3, 1, 7]), ([2, 0, 0, 2, 66, 0], [0, 2, 66, 0]),
        ([1, 4, 1, 1], [1, 4, 1, 1]), ([0, 2, 65, 0, 1], [0, 2, 65, 0, 1]),
    ]

    @Test("The version of the nft that made a table is no part of it; all else is", arguments: tableUserdata)
    func version(sent: [UInt8], kept: [UInt8]) throws {
        #expect(try attributes { $0.bytes(NFTA_TABLE_USERDATA, sent) }.tableUserdata == kept)
    }
}
