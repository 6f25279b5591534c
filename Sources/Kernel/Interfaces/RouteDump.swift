internal import CMnl
internal import Glibc
internal import System

extension NetlinkSocket {
    /// The answers to a request for all interfaces, routes, rules or the like: rtnetlink(7).
    ///
    /// - Parameters:
    ///   - type: `RTM_GET…`.
    ///   - header: the structure of that type.
    /// - Returns: the answers without their headers: all of them, never a part.
    /// - Throws: the kernel's error, or that what it lists changed during each attempt.
    func dump(_ type: Int, _ header: some NumericStruct) throws(SystemError) -> [ArraySlice<UInt8>] {
        try RouteDump.whole { payloads throws(SystemError) in
            let sequence = sequence()
            let request = RouteRequest(type, flags: NLM_F_DUMP, sequence: sequence, header)
            return try self.request(request.bytes, sequence: sequence) { message throws(SystemError) in
                payloads.append(Array(message.payload)[...])
            }
        }
    }
}

/// A dump of the routing part of the kernel, which answers in several messages.
enum RouteDump {
    /// The most attempts: the kernel lists a table of a busy router while it changes.
    private static let attempts = 8

    /// The answers of the first attempt during which nothing changed.
    ///
    /// - Parameter ask: appends the answers of one attempt; `false` if the kernel flagged a change (`NLM_F_DUMP_INTR`), so
    ///   that some may be missing.
    /// - Returns: the answers; none from a kernel that was built without the part, such as policy routing.
    /// - Throws: the error of `ask`, or that each attempt met a change.
    static func whole<Answer>(
        _ ask: (inout [Answer]) throws(SystemError) -> Bool
    ) throws(SystemError) -> [Answer] {
        for _ in 0..<attempts {
            var answers: [Answer] = []
            do throws(SystemError) {
                if try ask(&answers) { return answers }
            } catch {
                guard [EOPNOTSUPP, EAFNOSUPPORT].contains(error.code) else { throw error }
                return []
            }
        }
        throw SystemError(code: 0, text: "it changed during each of \(attempts) attempts")
    }
}
