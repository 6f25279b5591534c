import Glibc
import System
import Testing

@testable import Kernel

@Suite("Dumps of the routing part of the kernel")
struct RouteDumpTests {
    /// The answers of attempts with these outcomes, each of which gives its number before it ends.
    private func dump(_ outcomes: [Result<Bool, SystemError>]) throws(SystemError) -> (answers: [Int], attempts: Int) {
        var attempts = 0
        let answers = try RouteDump.whole { (answers: inout [Int]) throws(SystemError) in
            attempts += 1
            answers.append(attempts)
            return try outcomes[min(attempts, outcomes.count) - 1].get()
        }
        return (answers, attempts)
    }

    @Test("One during which something changed is made again, and its answers do not count")
    func changes() throws {
        let whole = try dump([.success(true)])
        #expect(whole.answers == [1] && whole.attempts == 1)
        let third = try dump([.success(false), .success(false), .success(true)])
        #expect(third.answers == [3] && third.attempts == 3)
    }

    @Test("One that never ends without a change, or that fails, gives no part of its answers")
    func faults() {
        let restless = #expect(throws: SystemError.self) { try dump([.success(false)]) }
        #expect(restless?.text == "it changed during each of 8 attempts")
        let failed = #expect(throws: SystemError.self) {
            try dump([.success(false), .failure(SystemError(code: ENOBUFS))])
        }
        #expect(failed?.code == ENOBUFS)
    }

    @Test("A kernel without policy routing or without IPv6 has nothing to list", arguments: [EOPNOTSUPP, EAFNOSUPPORT])
    func absent(code: Int32) throws {
        #expect(try dump([.failure(SystemError(code: code))]).answers == [])
    }

    @Test("Sockets are in one namespace only if the kernel tells where they are")
    func cookies() {
        #expect(NetlinkSocket.isOneNamespace(7, 7))
        #expect(!NetlinkSocket.isOneNamespace(7, 8) && !NetlinkSocket.isOneNamespace(7, nil))
        #expect(!NetlinkSocket.isOneNamespace(nil, nil))
    }
}
