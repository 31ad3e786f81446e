using System.Runtime.InteropServices;

namespace StackFs.Keyring.Interop;

/// <summary>openssl/core.h, openssl/params.h: the parameters that OpenSSL 3's algorithms take.</summary>
internal static unsafe partial class LibCrypto
{
    private const uint OSSL_PARAM_UNSIGNED_INTEGER = 2;
    private const uint OSSL_PARAM_UTF8_STRING = 4;
    private const uint OSSL_PARAM_OCTET_STRING = 5;

    /// <summary>One <c>OSSL_PARAM</c>; an array of them ends with a default value.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Param
    {
        /// <summary>NUL-terminated name.</summary>
        public byte* Key;

        /// <summary>OSSL_PARAM_UTF8_STRING and so on.</summary>
        public uint DataType;

        private readonly uint _padding;

        /// <summary>The value.</summary>
        public void* Data;

        /// <summary>Bytes at <see cref="Data"/>.</summary>
        public nuint DataSize;

        /// <summary>Where a getter leaves the length; OSSL_PARAM_UNMODIFIED before.</summary>
        public nuint ReturnSize;

        /// <summary>A parameter of bytes. Both pointers must stay valid during the call.</summary>
        internal static Param Octets(byte* key, void* data, int length) => new()
        {
            Key = key,
            DataType = OSSL_PARAM_OCTET_STRING,
            Data = data,
            DataSize = (nuint)length,
            ReturnSize = nuint.MaxValue,
        };

        /// <summary>A parameter that is a number. Both pointers must stay valid during the call.</summary>
        internal static Param Unsigned(byte* key, nuint* value) => new()
        {
            Key = key,
            DataType = OSSL_PARAM_UNSIGNED_INTEGER,
            Data = value,
            DataSize = (nuint)sizeof(nuint),
            ReturnSize = nuint.MaxValue,
        };

        /// <summary>A parameter of text. Both pointers must stay valid during the call.</summary>
        internal static Param Text(byte* key, byte* text, int length) => new()
        {
            Key = key,
            DataType = OSSL_PARAM_UTF8_STRING,
            Data = text,
            DataSize = (nuint)length,
            ReturnSize = nuint.MaxValue,
        };
    }
}
