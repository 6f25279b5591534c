/// Reads a file beside the policy with the same checks as the policy.
public enum TrustedFile {
    /// The reason why a file was not read: the predicate of a sentence about the file.
    public struct Refusal: Error, Hashable {
        /// The predicate: `cannot be read: permission denied`.
        public var message: String
    }

    /// The contents of the file at `path`.
    ///
    /// - Parameters:
    ///   - path: the path.
    ///   - checksOwnership: whether to reject a file that users other than root and the caller can write.
    /// - Returns: the bytes, at most 64 MiB.
    /// - Throws: the reason why the file is rejected or cannot be read.
    public static func read(_ path: String, checksOwnership: Bool) throws(Refusal) -> [UInt8] {
        do throws(FileRefusal) {
            return try FileReading.read(path: path, checksOwnership: checksOwnership).bytes
        } catch { throw Refusal(message: error.message) }
    }

    /// The first `count` bytes of the regular file at `path`, without a check of its owner; `nil` if there is no file.
    ///
    /// - Throws: the reason why the file cannot be read.
    public static func start(_ path: String, count: Int) throws(Refusal) -> [UInt8]? {
        do throws(FileRefusal) { return try FileReading.start(of: path, count: count) } catch {
            throw Refusal(message: error.message)
        }
    }
}
