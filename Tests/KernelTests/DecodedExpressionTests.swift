import CNftnl
import Rulesets
import Testing

@testable import Kernel

@Suite("Expressions of many rules are decoded once")
struct DecodedExpressionTests {
    @Test("And are what each decodes to: shared ones, more than are kept, and counters")
    func same() throws {
        var decoded = DecodedExpressions()
        for number in 0..<3_000 {
            let rule: [Expression] = [
                .payload(Payload(base: .network, offset: 12, length: 4)),
                .compare(Comparison(.equal, [10, 0, UInt8(number >> 8), UInt8(number & 0xff)])), .counter,
                .verdict(number.isMultiple(of: 2) ? .accept : .drop),
            ]
            let list = try elements(rule, counted: UInt64(number))
            #expect(decoded.expressions(list) == rule)
            #expect(list.expressions == rule)
        }
    }

    @Test("An element without a name makes the list invalid, before and after valid ones")
    func invalid() throws {
        var decoded = DecodedExpressions()
        var writer = AttributeWriter()
        writer.nest(NFTA_LIST_ELEM) { $0.u32(NFTA_EXPR_DATA, 7) }
        let unnamed = try #require(Attributes(writer.written))
        #expect(decoded.expressions(unnamed) == nil)
        #expect(decoded.expressions(try elements([.verdict(.accept)], counted: 0)) == [.verdict(.accept)])
        #expect(decoded.expressions(unnamed) == nil)
    }

    private func elements(_ expressions: [Expression], counted: UInt64) throws -> Attributes {
        var (writer, references) = (AttributeWriter(), SetReferences())
        for expression in expressions where expression != .counter {
            writer.expression(NFTA_LIST_ELEM, expression, &references)
        }
        guard expressions.contains(.counter) else { return try #require(Attributes(writer.written)) }
        var counter = AttributeWriter()
        counter.nest(NFTA_LIST_ELEM) { element in
            element.string(NFTA_EXPR_NAME, "counter")
            element.nest(NFTA_EXPR_DATA) { data in
                data.u64(NFTA_COUNTER_BYTES, counted)
                data.u64(NFTA_COUNTER_PACKETS, counted)
            }
        }
        var all = try #require(Attributes(writer.written)).map { Array($0.bytes) }
        all.insert(counter.bytes, at: 2)
        return try #require(Attributes(all.flatMap(\.self)[...]))
    }
}
