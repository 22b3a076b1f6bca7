import './base.css';
import './sidebar.css';
import './spend.css';
