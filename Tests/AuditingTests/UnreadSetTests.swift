import Addressing
import Auditing
import Compiler
import Policies
import Rulesets
import Testing

private struct Refusal: Error, CustomStringConvertible {
    var description: String { "reading the elements: input/output error" }
}

@Suite("Sets of a limit that cannot be read")
struct UnreadSetTests {
    private let compiled: CompiledPolicy

    init() throws {
        var service = try Service("web", "80/tcp", line: 20)
        service.entries[0].limit = ConnectionLimit(rate: Rate(count: 10, unit: .minute))
        compiled = compile(try Policy(service))
    }

    @Test("Whether their sources have the limit of the policy is unknown, for each of them")
    func limits() {
        #expect([Finding].limitDrift(of: compiled.table, from: compiled) { _, _ in [] } == [])
        let found = [Finding].limitDrift(of: compiled.table, from: compiled) { _, _ throws in throw Refusal() }
        #expect(found.count == 2, "\(found)")
        #expect(found.allSatisfy { $0.identifier == .unknown && $0.severity == .warning && $0.set != nil })
        #expect(
            found.first?.message.hasSuffix("have the limit of the policy: reading the elements: input/output error")
                == true, "\(found)")
    }

    @Test("Whether they are full is unknown where a source found no room, and not asked elsewhere")
    func fullness() {
        func full(hits: UInt64, _ count: (String) throws -> Int) -> [Finding] {
            .fullLimits(in: compiled.table, origins: compiled.origins, hits: { _, _ in hits }, count: count)
        }
        #expect(full(hits: 0) { _ in throw Refusal() } == [])
        #expect(full(hits: 1) { _ in 0 } == [])
        #expect(full(hits: 1) { _ in 65_535 }.map(\.identifier) == [.limitFull, .limitFull])
        let unread = full(hits: 1) { _ in throw Refusal() }
        #expect(unread.map(\.identifier) == [.unknown, .unknown], "\(unread)")
        #expect(Set(unread).count == 2)
    }
}
