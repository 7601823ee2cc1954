import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.List;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.jcajce.JcaSignerInfoGeneratorBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;

/** Seals a content as a partner that uses Bouncy Castle would: RSA|EC key.der crt content out.cms out.ber */
class Seal {
    public static void main(String[] words) throws Exception {
        var provider = new BouncyCastleProvider();
        var key = KeyFactory.getInstance(words[0])
            .generatePrivate(new PKCS8EncodedKeySpec(Files.readAllBytes(Path.of(words[1]))));
        X509Certificate certificate;
        try (var in = Files.newInputStream(Path.of(words[2]))) {
            certificate = (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
        var named = words[0].equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA";
        var signer = new JcaContentSignerBuilder(named).setProvider(provider).build(key);
        var digests = new JcaDigestCalculatorProviderBuilder().setProvider(provider).build();
        var generator = new CMSSignedDataGenerator();
        generator.addSignerInfoGenerator(new JcaSignerInfoGeneratorBuilder(digests).build(signer, certificate));
        generator.addCertificates(new JcaCertStore(List.of(certificate)));
        var content = new CMSProcessableByteArray(Files.readAllBytes(Path.of(words[3])));
        var sealed = generator.generate(content, true);
        Files.write(Path.of(words[4]), sealed.toASN1Structure().getEncoded("DER"));
        Files.write(Path.of(words[5]), sealed.getEncoded());
    }
}
