import { PASSWORD } from './test-app.js';

/**
 * Hashes of {@link PASSWORD} that other implementations made: libxcrypt (bcrypt) and OpenSSL by way of Python's hashlib.
 * By what wrote them.
 */
export const IMPORTED_HASHES = {
  'bcrypt 2a': '$2a$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG',
  'bcrypt 2b': '$2b$05$CCCCCCCCCCCCCCCCCCCCC.poIKaw08HWUz4zkVKLs8VPIydUmXBPC',
  'bcrypt 2y': '$2y$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG',
  'scrypt, PHC': '$scrypt$ln=10,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$7AnzIswxwEinpwz+ntydndYfVHPvOACmX9Vvo8hO1qM',
  'PBKDF2-SHA-256, PHC': '$pbkdf2-sha256$i=1000$MDEyMzQ1Njc4OWFiY2RlZg$yqSq2SygY1sB4EcH9f2FG0JTMES+wqLsOT5YmiRBplI',
  'PBKDF2-SHA-512, PHC':
    '$pbkdf2-sha512$i=1000$MDEyMzQ1Njc4OWFiY2RlZg$5bTW2oeyDJyGJPcmEr+mRDE11ghpozWrDGnSNhRXo2ZCu0KHRDiUMAVEGzLJC+oDhRoeIja9J1iLIv9ptDJMfQ',
  'PBKDF2-SHA-1, passlib': '$pbkdf2$1000$MDEyMzQ1Njc4OWFiY2RlZg$wmIXv0mv7iouqkc9CKjRvCX21po',
  'PBKDF2-SHA-256, passlib': '$pbkdf2-sha256$1000$MDEyMzQ1Njc4OWFiY2RlZg$yqSq2SygY1sB4EcH9f2FG0JTMES.wqLsOT5YmiRBplI',
  'scrypt, Django':
    'scrypt$1024$seasalt$8$1$QMBRDuNq7pljC9V+clmpGo+/U//V5nQlsLBnaDD9vK5WG80UWev7M6KyTAM0hUJc1RssTgKy001SIjbeho4/iQ==',
  'PBKDF2-SHA-1, Django': 'pbkdf2_sha1$1000$seasalt$9iRYj0as1r5j+cCBxB+HMlxkyr4=',
  'PBKDF2-SHA-256, Django': 'pbkdf2_sha256$1000$seasalt$3xmXbyk2QpiyNcnoBbzRPwEBsYPTbDlRdtmLyBvQltA=',
  'scrypt, Werkzeug':
    'scrypt:1024:8:1$seasalt$40c0510ee36aee99630bd57e7259a91a8fbf53ffd5e67425b0b0676830fdbcae561bcd1459ebfb33a2b24c033485425cd51b2c4e02b2d34d522236de868e3f89',
  'PBKDF2-SHA-256, Werkzeug':
    'pbkdf2:sha256:1000$seasalt$df19976f29364298b235c9e805bcd13f0101b183d36c395176d98bc81bd096d0',
  'PBKDF2-SHA-512, Werkzeug':
    'pbkdf2:sha512:1000$seasalt$8d65cf0724e9f5ff0b8988a1b10d0a0acc6f4f813e5702b3a3690f113fe43bac4dfbdf278d9c2c19355cb84e6927bf829c48445b261c01fe0e2bb81dea054118',
} as const;

/** The password all of them were made of. */
export const IMPORTED_PASSWORD = PASSWORD;
