/// A file that decides what a host lets in, read with the care that a policy is.
public enum TrustedFile {
    /// Why a file was not read: the predicate of a sentence whose subject is the file.
    public struct Refusal: Error, Hashable {
        /// The predicate: `cannot be read: permission denied`.
        public var message: String
    }

    /// What the file at `path` holds.
    ///
    /// - Parameters:
    ///   - path: the path.
    ///   - checksOwnership: whether a file is refused that somebody other than root and the caller could have written.
    /// - Returns: its octets.
    /// - Throws: why it is refused.
    public static func read(_ path: String, checksOwnership: Bool) throws(Refusal) -> [UInt8] {
        do throws(FileRefusal) {
            return try FileReading.read(path: path, checksOwnership: checksOwnership).bytes
        } catch { throw Refusal(message: error.message) }
    }

    /// The start of the regular file at `path`, whoever could have written it; `nil` where there is none.
    ///
    /// - Throws: why it cannot be read.
    public static func start(_ path: String, count: Int) throws(Refusal) -> [UInt8]? {
        do throws(FileRefusal) { return try FileReading.start(of: path, count: count) } catch {
            throw Refusal(message: error.message)
        }
    }
}
